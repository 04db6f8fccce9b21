"""Find date ranges in a CV, in the forms that people use, as counts of months."""

# ruff: noqa: RUF001 - dashes and quotes as people type them are what is searched for

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from tools import prose

_YEAR = r"(?:19[5-9]|20\d)\d"
_NAMES = prose.months_pattern()


def _date(p: str) -> str:
    """Return the pattern of one date, its groups named with the prefix `p`."""
    return (
        rf"(?:(?P<{p}name>{_NAMES})\b\.?,?[ ]?(?:(?P<{p}yn>{_YEAR})|['’](?P<{p}ys>\d\d))"  # Jan 2019, Jan. '19
        rf"|(?:\d\d?\.[ ]?)?(?P<{p}m>0?[1-9]|1[0-2])[ ]?[./-][ ]?(?P<{p}ym>{_YEAR})"  # 03/2018, 01.03.2018
        rf"|(?P<{p}yi>{_YEAR})[-/.](?P<{p}mi>0[1-9]|1[0-2])(?:[-.]\d\d)?"  # 2018-03, 2018-03-01
        rf"|[QT](?P<{p}q>[1-4])[ /]?(?P<{p}yq>{_YEAR})"  # Q3 2018
        rf"|(?P<{p}y>{_YEAR}))(?!\d)"
    )


_PRESENT = (
    r"present|now|today|to date|current(?:ly)?|ongoing|heute|jetzt|laufend|aktuell|dato|gegenwart|"
    r"(?:la )?actualidad|actualmente|presente|hoy|aujourd['’]hui|ce jour|en cours|oggi|attuale|heden|nu|obecnie|"
    r"teraz|atual|hoje"
)
_TO = (
    r"(?:-{1,3}|[~–—−→>]|/(?=(?:19|20)\d\d(?!\d))|"
    r"\b(?:to|until|till|through|bis(?: zum| zur)?|hasta|a la|a|al|au|à|jusqu['’]à|tot|fino a|do)\b)"
)
_BEFORE = r"(?<![\w/.+-])(?<!\w[ ]-)"
_RANGE = re.compile(
    rf"{_BEFORE}{_date('a')}\s{{0,4}}{_TO}\s{{0,6}}(?:(?P<present>{_PRESENT})\b|{_date('b')}|"
    rf"['’]?(?P<short>\d\d)(?![\d./:-]))",
    re.I,
)
# 03/18 - 08/21: two digits for the year only where both sides have it.
_SHORT_RANGE = re.compile(
    rf"{_BEFORE}(?P<am>0?[1-9]|1[0-2])/(?P<ay>\d\d)[ ]?{_TO}[ ]?(?:(?P<present>{_PRESENT})\b|(?P<bm>0?[1-9]|"
    rf"1[0-2])/(?P<by>\d\d)(?![\d/]))",
    re.I,
)
_SINCE = re.compile(
    rf"\b(?:since|seit|desde(?: el)?|depuis|sinds|od)\s+{_date('a')}(?!\s{{0,3}}{_TO}\s*(?:\d|[a-z]))", re.I
)
_OPEN = re.compile(rf"{_BEFORE}{_date('a')}[ ]{{0,2}}[-–—][ ]*(?=\n|\)|$)", re.I)
_SINGLE = re.compile(rf"{_BEFORE}{_date('a')}", re.I)


@dataclass(frozen=True, slots=True)
class Range:
    """A span at text[offset:stop], in months since year 0; `end` is the first month after it, None means "present".

    A bare year stands for its middle, so that "2016 - 2020" is four years and adjoins "2020 - 2022".
    """

    offset: int
    stop: int
    start: int
    end: int | None


@dataclass(frozen=True, slots=True)
class _Point:
    month: int
    precise: bool


def _point(match: re.Match[str], p: str) -> _Point:
    g = match.groupdict()
    if g[f"{p}name"]:
        year = int(g[f"{p}yn"]) if g[f"{p}yn"] else _full_year(g[f"{p}ys"])
        return _Point(year * 12 + prose.month_number(g[f"{p}name"]) - 1, True)
    if g[f"{p}ym"]:
        return _Point(int(g[f"{p}ym"]) * 12 + int(g[f"{p}m"]) - 1, True)
    if g[f"{p}yi"]:
        return _Point(int(g[f"{p}yi"]) * 12 + int(g[f"{p}mi"]) - 1, True)
    if g[f"{p}yq"]:
        return _Point(int(g[f"{p}yq"]) * 12 + 3 * (int(g[f"{p}q"]) - 1) + 1, True)
    return _Point(int(g[f"{p}y"]) * 12 + 6, False)


def _full_year(two_digits: str) -> int:
    year = int(two_digits)
    return 2000 + year if year < 60 else 1900 + year


def find_ranges(text: str) -> list[Range]:
    """Return the ranges with an end or with "present", and the open ones ("since 2019"), in order of the text."""
    found: dict[int, Range] = {}
    covered: list[tuple[int, int]] = []  # in order, since matches of one pattern do not overlap
    for match in _RANGE.finditer(text):
        span = _closed(match)
        covered.append(match.span())
        if span is not None:
            found[match.start()] = span
    closed = list(covered)
    for match in _SHORT_RANGE.finditer(text):
        start = _full_year(match["ay"]) * 12 + int(match["am"]) - 1
        end = None if match["present"] else _full_year(match["by"]) * 12 + int(match["bm"])
        if not _inside(match.start(), closed) and (end is None or start < end):
            covered.append(match.span())
            found[match.start()] = Range(match.start(), match.end(), start, end)
    covered.sort()
    for pattern in (_SINCE, _OPEN):
        for match in pattern.finditer(text):
            if not _inside(match.start(), covered) and not _inside(match.end() - 1, covered):
                found.setdefault(match.start(), Range(match.start(), match.end(), _point(match, "a").month, None))
    return [found[offset] for offset in sorted(found)]


def _closed(match: re.Match[str]) -> Range | None:
    start = _point(match, "a")
    if match["present"]:
        return Range(match.start(), match.end(), start.month, None)
    if match["short"]:  # 2016-18
        year = (start.month // 12) // 100 * 100 + int(match["short"])
        end = _Point(year * 12 + 6, False)
    else:
        end = _point(match, "b")
    if not start.precise and not end.precise and start.month == end.month:
        return Range(match.start(), match.end(), start.month - 3, start.month + 3)  # "2019 - 2019": half a year
    first, last = start.month, end.month + (1 if end.precise else 0)
    return Range(match.start(), match.end(), first, last) if first < last <= first + 50 * 12 else None


def _inside(offset: int, spans: list[tuple[int, int]]) -> bool:
    index = bisect_right(spans, (offset, len(spans) and spans[-1][1])) - 1
    return index >= 0 and offset < spans[index][1]


def find_months(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield every date as (offset, month since year 0, whether the month was written)."""
    for match in _SINGLE.finditer(text):
        point = _point(match, "a")
        yield match.start(), point.month, point.precise
