"""Find in the turns what was decided, who is to do what by when, and which questions stay open."""

# ruff: noqa: RUF001 - dashes and quotes as people type them are what is searched for

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TypeVar

import call_cues as cues
from call_models import Decision, FollowUp, OpenQuestion, Turn

from tools import prose

_MOST = 40

ItemT = TypeVar("ItemT", Decision, FollowUp, OpenQuestion)


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence in its turn, and the turn that follows it by somebody else."""

    turn: int
    speaker: str
    text: str
    last_of_turn: bool
    reply: str
    reply_by: str


def said(turns: list[Turn]) -> list[_Said]:
    """Return every sentence with its surroundings."""
    found: list[_Said] = []
    for index, turn in enumerate(turns):
        parts = prose.sentences(turn.text)
        following = turns[index + 1] if index + 1 < len(turns) else None
        for number, part in enumerate(parts):
            # In a text without labels the next sentence may be the answer.
            own_rest = " ".join(parts[number + 1 : number + 3]) if not turn.speaker else ""
            reply = own_rest or (following.text if following else "")
            found.append(
                _Said(
                    index,
                    turn.speaker,
                    part,
                    number == len(parts) - 1,
                    reply[:600],
                    following.speaker if following else "",
                )
            )
    return found


def find_decisions(everything: list[_Said]) -> list[Decision]:
    """Return what was settled: said outright, or proposed and agreed to in the next turn."""
    found: list[Decision] = []
    for s in everything:
        text = s.text[:600]
        outright = cues.DECIDED.search(text)
        agreed = (
            s.reply_by != s.speaker
            and s.last_of_turn
            and bool(cues.AGREED.match(s.reply))
            and bool(cues.PROPOSED.search(text))
        )
        if agreed and not cues.PLEASANTRY.search(text):
            found.append(Decision(text=_told(text), said_by=s.reply_by, turn=s.turn + 1))
        elif (
            outright
            and not text.endswith("?")
            and not cues.UNDECIDED.search(text[: outright.start()])
            and len(text.split()) > 3
            and not re.search(r"\bif\b", text[: outright.start()], re.I)
        ):
            found.append(Decision(text=_told(text), said_by=s.speaker, turn=s.turn))
    return _unique(found)[:_MOST]


def find_follow_ups(everything: list[_Said], names: list[str], call_date: dt.date | None) -> list[FollowUp]:
    """Return promises ("I'll send ..."), requests that were not refused, and named tasks."""
    first_names = {name.split()[0].lower(): name for name in names if name}
    found: list[FollowUp] = []
    for s in everything:
        for clause in _clauses(s.text[:800]):
            task = _task(clause, s, first_names, names)
            if task is not None:
                who, what = task
                due = _due(what) or _due(clause)
                day = prose.date_near(due, call_date) if due else None
                found.append(
                    FollowUp(
                        who=who,
                        what=_told(what).rstrip(" .,;!"),
                        due=due,
                        due_date=day.day if day else None,
                        turn=s.turn,
                    )
                )
    return _unique(found)[:_MOST]


def _clauses(text: str) -> list[str]:
    """Split "I'll send it and Ben will book the room" where a new actor begins; a condition stays with its promise."""
    if cues.IF.match(text.lstrip("\"' ,-")):
        return [text]
    return cues.NEW_ACTOR.split(text)


def _task(clause: str, s: _Said, first_names: dict[str, str], names: list[str]) -> tuple[str, str] | None:
    """Return (who, what) of a clause that gives somebody something to do."""
    if (match := cues.ACTION.search(clause)) and not clause.endswith("?"):
        who = match["for"] or match["who"] or ""
        return first_names.get(who.lower(), who), match["what"]
    for pattern in (cues.I_WILL, cues.LET_ME, cues.ICH_WERDE):
        if (match := pattern.search(clause)) and _meant(clause, match) and not clause.endswith("?"):
            return s.speaker, _what(match)
    for pattern in (cues.YOU_WILL, cues.SIE_BITTE):
        match = pattern.search(clause)
        if match and _meant(clause, match) and (not clause.endswith("?") or cues.YES.match(s.reply)):
            return _addressee(clause, s, first_names, names), match["what"].rstrip("?")
    if (match := cues.X_WILL.search(clause)) and _meant(clause, match) and not clause.endswith("?"):
        who = match["who"]
        if who.lower() not in (
            "i",
            "we",
            "you",
            "it",
            "this",
            "that",
            "they",
            "he",
            "she",
            "there",
            "what",
            "who",
            "which",
        ):
            return first_names.get(who.split()[0].lower(), who), match["what"]
    if (match := cues.WE_WILL.search(clause)) and _meant(clause, match) and not clause.endswith("?"):
        return "we", match["what"]
    return None


def _what(match: re.Match[str]) -> str:
    return match["what"] or match.groupdict().get("what2") or ""


def _meant(clause: str, match: re.Match[str]) -> bool:
    before = clause[: match.start()]
    return not cues.IF.search(before) and not cues.NOT_MEANT.search(before) and not cues.SMALL_TALK.match(_what(match))


def _addressee(clause: str, s: _Said, first_names: dict[str, str], names: list[str]) -> str:
    """Return who is asked: the one named in the request, else who replies, else the other of two."""
    for word in re.findall(r"[A-ZÄÖÜ][\w'’-]+", clause):
        if word.lower() in first_names and first_names[word.lower()] != s.speaker:
            return first_names[word.lower()]
    others = [name for name in names if name != s.speaker]
    if s.reply_by and s.reply_by != s.speaker:
        return s.reply_by
    return others[0] if len(others) == 1 else ""


def _due(text: str) -> str | None:
    for match in cues.DUE.finditer(text):
        near = prose.date_near(match[0], None)
        if near is not None and near.start <= 24:
            return prose.one_line(match[0][: near.start + len(near.text)])
    return None


def find_open_questions(everything: list[_Said]) -> list[OpenQuestion]:
    """Return the questions whose answer was put off, or that nobody answered."""
    found: list[OpenQuestion] = []
    for s in everything:
        if not s.text.rstrip("\"'”’) ").endswith(("?", "؟")) or cues.SMALL_QUESTION.search(s.text):
            continue
        asks_a_favour = (cues.YOU_WILL.search(s.text) or cues.SIE_BITTE.search(s.text)) and cues.YES.match(s.reply)
        agreed = cues.AGREED.match(s.reply)
        if asks_a_favour or agreed:
            continue
        head = " ".join(prose.sentences(s.reply)[:2])
        if cues.PUT_OFF.search(head):
            found.append(
                OpenQuestion(text=_told(s.text), asked_by=s.speaker, reason="the answer was put off", turn=s.turn)
            )
        elif not s.reply:
            found.append(OpenQuestion(text=_told(s.text), asked_by=s.speaker, reason="nobody answered", turn=s.turn))
    return _unique(found)[:_MOST]


def _told(text: str) -> str:
    return prose.shorten(prose.redact(text), 240)


def _unique(items: list[ItemT]) -> list[ItemT]:
    """Return each item once: what is repeated in the same words says no more."""
    kept: dict[str, ItemT] = {}
    for item in items:
        text = item.what if isinstance(item, FollowUp) else item.text
        kept.setdefault(text.lower(), item)
    return list(kept.values())
