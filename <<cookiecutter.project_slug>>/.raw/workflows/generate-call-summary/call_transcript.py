"""Read a transcript: labelled lines, WebVTT, SRT, meeting exports, or plain text."""

# ruff: noqa: RUF001 - dashes and quotes as people type them are what is searched for

from __future__ import annotations

import re
from collections import Counter

from call_models import Speaker, Transcript, Turn

from tools import prose

_CLOCK = r"(?:(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?)"
_NAME = r"(?P<name>[^\W\d_][\w.'’-]{0,30}(?: [\w.'’-]{1,30}){0,3}(?: ?\([^()\n]{1,30}\))?)"
# "Anna: ...", "[00:01:23] Recruiter: ...", "00:12 - Ben (Acme): ...", "**Anna** [01:02]: ..."
_LABELLED = re.compile(
    rf"^\s*\**\s*(?:[\[(]?(?P<at>{_CLOCK})[\])]?\s*[-–|"
    rf"]?\s*)?\**{_NAME}\**(?:\s*[\[(](?P<at2>{_CLOCK})[\])])?\s*:\**(?:\s+(?P<text>.*)|\s*)$"
)
# Meeting exports: the name and the time stand on a line of their own, the words follow.
_NAME_AFTER = _NAME.replace("name", "name2")
_NAME_LINE = re.compile(
    rf"^\s*(?:{_NAME}\s+[\[(]?(?P<at>{_CLOCK})[\])]?|[\[(]?(?P<at2>{_CLOCK})[\])]?\s+{_NAME_AFTER})\s*$"
)
_TIME_ONLY = re.compile(rf"^\s*[\[(]?(?P<at>{_CLOCK})[\])]?\s*$")
_TIME_FIRST = re.compile(rf"^\s*[\[(](?P<at>{_CLOCK})[\])]\s*(?P<text>.*)$")
_CUE_TIME = re.compile(rf"^\s*(?P<at>{_CLOCK})\s*-->\s*{_CLOCK}")
_VOICE = re.compile(r"^\s*<v(?:\.[\w.]+)?\s+(?P<name>[^<>\n]{1,60})>(?P<text>.*)$")
_TAG = re.compile(r"</?(?:v|c|i|b|u)(?:[ .][^<>\n]{0,60})?>")
_NOISE = re.compile(
    r"[\[(](?:music|laughter|laughs|laughing|applause|inaudible|crosstalk|silence|pause|coughs?|unverständlich|"
    r"lacht|gelächter)[\])]",
    re.I,
)

# "Note: ..." and "Next steps: ..." open a remark, not a turn.
_NO_NAMES = prose.word_set(
    "note notes agenda topic topics action actions decision decisions todo to-do example question questions answer "
    "summary date time "
    "participants attendees subject title location remark hinweis thema frage antwort beispiel datum teilnehmer re "
    "fwd http https ps "
    "attention important update warning"
)


def parse(text: str, *, truncated: bool) -> Transcript:
    """Return the turns; neighbouring lines of one speaker are joined, as are the lines of a paragraph."""
    lines = text.split("\n")
    names = _speakers(lines)
    turns: list[Turn] = []
    said: list[list[str]] = []
    gap = False  # in a text without labels an empty line begins a new turn
    at: float | None = None
    last: float | None = None
    captions = any(_CUE_TIME.match(line) for line in lines[:50])
    for index, line in enumerate(lines):
        if captions and _is_caption_frame(line, lines, index):
            if cue := _CUE_TIME.match(line):
                at = _seconds(cue["at"])
            continue
        speaker, words, said_at = _read(line, names)
        if said_at is not None:
            at = said_at
        last = max(last or 0.0, at) if at is not None else last
        words = prose.one_line(_NOISE.sub(" ", _TAG.sub("", words)))
        goes_on = bool(turns) and (turns[-1].speaker == speaker or (speaker is None and (names or not gap)))
        gap = not line.strip()
        if goes_on:
            said[-1].append(words)
        elif speaker is not None or words:
            turns.append(Turn(speaker=speaker or "", text="", at=at))
            said.append([words])
    for turn, parts in zip(turns, said, strict=True):
        turn.text = " ".join(part for part in parts if part)
    turns = [turn for turn in turns if turn.text]
    labelled = any(turn.speaker for turn in turns)
    return Transcript(turns=turns, labelled=labelled, duration_seconds=last, truncated=truncated)


def _is_caption_frame(line: str, lines: list[str], index: int) -> bool:
    """Return whether a line of WebVTT or SRT is no speech: the head, a time, the number before it."""
    if _CUE_TIME.match(line) or line.startswith(("WEBVTT", "NOTE ", "STYLE", "Kind:", "Language:")):
        return True
    following = lines[index + 1] if index + 1 < len(lines) else ""
    return line.strip().isdigit() and bool(_CUE_TIME.match(following))


def _read(line: str, names: frozenset[str]) -> tuple[str | None, str, float | None]:
    """Return the speaker that a line begins with (None: the line goes on), the words, and the time."""
    if len(line) > 400 and ":" not in line[:100]:
        return None, line, None
    head = line[:100] if len(line) > 400 else line
    if voice := _VOICE.match(line):
        return prose.one_line(voice["name"]), voice["text"], None
    if match := _LABELLED.match(line if len(line) <= 400 else head + line[100:]):
        name = prose.one_line(match["name"])
        if name in names:
            return name, match["text"] or "", _seconds(match["at"] or match["at2"])
    if match := _NAME_LINE.match(head):
        name = prose.one_line(match["name"] or match["name2"])
        if name in names:
            return name, "", _seconds(match["at"] or match["at2"])
    if match := _TIME_ONLY.match(head):
        return None, "", _seconds(match["at"])
    if match := _TIME_FIRST.match(line):
        return None, match["text"], _seconds(match["at"])
    return None, line, None


def _speakers(lines: list[str]) -> frozenset[str]:
    """Return the labels that are names: used more than once, or written like one."""
    counts: Counter[str] = Counter()
    for line in lines:
        head = line[:100]
        match = _LABELLED.match(head) or _NAME_LINE.match(head)
        if match:
            counts[prose.one_line(match["name"] or match.groupdict().get("name2") or "")] += 1
    return frozenset(name for name, count in counts.items() if _is_name(name, count))


def _is_name(name: str, count: int) -> bool:
    words = re.sub(r"\(.*\)", "", name).split()
    if not words or words[0].lower() in _NO_NAMES or name.lower() in _NO_NAMES:
        return False
    capital = all(word[0].isupper() or word[0].isdigit() or not word[0].isascii() for word in words)
    # "the thing is: ..." has small letters; "recruiter: ..." again and again is a speaker all the same.
    return (capital and len(words) <= 3) or (count >= 3 and len(words) <= 2)


def _seconds(clock: str | None) -> float | None:
    if not clock:
        return None
    total = 0.0
    for part in clock.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return total


def talk_shares(transcript: Transcript) -> list[Speaker]:
    """Return the speakers in the order in which they first speak, with their share of all words."""
    turns: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for turn in transcript.turns:
        turns[turn.speaker] += 1
        words[turn.speaker] += len(turn.text.split())
    whole = sum(words.values()) or 1
    names = list(dict.fromkeys(turn.speaker for turn in transcript.turns if turn.speaker))
    return [Speaker(name=n, turns=turns[n], words=words[n], share=round(words[n] / whole, 3)) for n in names]
