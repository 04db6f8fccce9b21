"""Split a text into sentences, and pick the ones that say most."""

# ruff: noqa: RUF001 - dashes and quotes as people type them are what is searched for

from __future__ import annotations

import re
from collections import Counter

from tools.prose.clean import one_line
from tools.prose.words import content_words, word_set

LONGEST = 1500

_BREAK = re.compile(
    r"(?P<stop>[.!?…؟]{1,10}[\"'”’)»]{0,2})\s+|(?<=[。！？])|\n[ \t]*(?:\n\s*|(?=[-•*‣▪–][ \t]))",
)
_ABBREVIATIONS = word_set(
    "e.g i.e etc vs mr mrs ms dr prof st no nr inc ltd co corp approx ca bzw z.b d.h u.a ggf evtl usw vgl str tel "
    "art sr sra"
    " dott ing p.ej ex jan feb mar apr jun jul aug sep sept oct nov dec"
)


def sentences(text: str) -> list[str]:
    """Return the sentences, each on one line; abbreviations and initials end none, a list item is one.

    None is longer than `LONGEST` characters.
    """
    found: list[str] = []
    start = 0
    for match in _BREAK.finditer(text):
        if match["stop"] == "." and _is_abbreviation(text, start, match.start()):
            continue
        found.append(one_line(text[start : match.end()]))
        start = match.end()
    found.append(one_line(text[start:]))
    return [piece for s in found if s for piece in _pieces(s)]


def _pieces(sentence: str) -> list[str]:
    """Cut what is no sentence any more (a transcript without a full stop) into pieces, between words where possible."""
    pieces = []
    while len(sentence) > LONGEST:
        cut = sentence.rfind(" ", LONGEST // 2, LONGEST)
        cut = cut if cut > 0 else LONGEST
        pieces.append(sentence[:cut])
        sentence = sentence[cut:].lstrip()
    return [*pieces, sentence] if sentence else pieces


def _is_abbreviation(text: str, start: int, dot: int) -> bool:
    before = text[max(start, dot - 12) : dot]
    last = re.split(r"[\s(]", before)[-1].lower()
    return last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha())


def shorten(text: str, limit: int) -> str:
    """Return the text on one line, cut at a word's end to at most `limit` characters, with "..." when cut."""
    line = one_line(text)
    if len(line) <= limit:
        return line
    head = line[: limit - 3]
    space = head.rfind(" ", limit // 2)
    return (head[:space] if space > 0 else head).rstrip(" ,;:-") + "..."


def key_sentences(sentences: list[str], count: int, language: str | None = None) -> list[str]:
    """Return the `count` sentences that hold the text's commonest content words, in their own order.

    Earlier ones win a tie; a sentence that repeats what is already picked is left out.
    """
    bags = [content_words(s[:1000], language) for s in sentences]
    frequency: Counter[str] = Counter()
    for bag in bags:
        frequency.update(set(bag))
    scored: list[tuple[float, int]] = []
    for index, bag in enumerate(bags):
        if bag:
            weight = sum(frequency[w] for w in set(bag)) / (len(set(bag)) + 4) ** 0.7
            # People say what they want early: the first sentences get a head start.
            scored.append((weight * (1.0 + 0.5 / (index + 1)), -index))
    picked: list[int] = []
    for _, negative in sorted(scored, reverse=True):
        bag_set = set(bags[-negative])
        if all(len(bag_set & set(bags[i])) < 0.7 * len(bag_set) for i in picked):
            picked.append(-negative)
        if len(picked) == count:
            break
    return [sentences[i] for i in sorted(picked)]
