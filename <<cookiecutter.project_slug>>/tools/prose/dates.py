"""Dates as people write them, in eight languages, and the days they mean."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

_MONTHS: tuple[str, ...] = (
    "january jan januar jänner janvier janv enero ene gennaio gen januari janeiro stycznia styczeń",
    "february feb februar februari février fevrier févr fév febrero febbraio febb fevereiro fev lutego luty",
    "march mar märz maerz mrz mär mars marzo maart mrt março marca marzec",
    "april apr avril avr abril abr aprile kwietnia kwiecień",
    "may mai mayo maggio mag mei maio maja maj",
    "june jun juni juin junio giugno giu junho czerwca czerwiec",
    "july jul juli juillet juil julio luglio lug julho lipca lipiec",
    "august aug août aout agosto ago augustus sierpnia sierpień",
    "september sep sept septembre septiembre settembre setembro września wrzesień",
    "october oct oktober okt octobre octubre ottobre ott outubro października październik",
    "november nov novembre noviembre novembro listopada listopad",
    "december dec dezember dez décembre decembre déc diciembre dic dicembre dezembro grudnia grudzień",
)
_MONTH_NUMBER: dict[str, int] = {name: n for n, names in enumerate(_MONTHS, start=1) for name in names.split()}

_NAMES = "|".join(sorted(_MONTH_NUMBER, key=len, reverse=True))
_DATE = re.compile(
    rf"""(?<![\w./-])(?:
      (?P<iso_y>(?:19|20)\d\d)-(?P<iso_m>\d\d)-(?P<iso_d>\d\d)(?=\D|$)
    | (?P<dot_d>\d{{1,2}})\.\ ?(?P<dot_m>\d{{1,2}})\.\ ?(?P<dot_y>(?:19|20)\d\d)
    | (?P<sl_a>\d{{1,2}})/(?P<sl_b>\d{{1,2}})/(?P<sl_y>(?:19|20)\d\d)
    | (?P<dm_d>\d{{1,2}})(?:st|nd|rd|th|\.|º|er)?\ (?:of\ |de\ )?(?P<dm_m>{_NAMES})\.?,?
      (?:\ (?:de\ )?(?P<dm_y>(?:19|20)\d\d))?
    | (?P<md_m>{_NAMES})\.?\ (?P<md_d>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\ (?P<md_y>(?:19|20)\d\d))?
    )(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)

_WEEKDAYS: tuple[str, ...] = (
    "monday montag lundi lunes",
    "tuesday dienstag mardi martes",
    "wednesday mittwoch mercredi miércoles",
    "thursday donnerstag jeudi jueves",
    "friday freitag vendredi viernes",
    "saturday samstag samedi sábado",
    "sunday sonntag dimanche domingo",
)
_WEEKDAY_NUMBER: dict[str, int] = {name: n for n, names in enumerate(_WEEKDAYS) for name in names.split()}
_RELATIVE = re.compile(
    rf"\b(?:(?P<next>next|nächste[nrs]?|kommende[nrs]?)\ )?(?P<day>{'|'.join(_WEEKDAY_NUMBER)})\b"
    r"|\bthe\ (?P<dom>[12]?\d|3[01])(?:st|nd|rd|th)\b"
    r"|\b(?P<today>today|tonight|this\ (?:afternoon|evening|morning)|end\ of\ (?:the\ )?day|eod|heute)\b"
    r"|\b(?P<over>day\ after\ tomorrow|übermorgen)\b"
    r"|\b(?P<tomorrow>tomorrow|morgen(?!\s*(?:früh\s*)?(?:zusammen|allerseits)))\b"
    r"|\b(?:with)?in(?:nerhalb\ von)?\ (?P<n>\d{1,2}|a|an|one|two|three|einem|einer|zwei|drei)\ "
    r"(?P<unit>days?|weeks?|tagen?|wochen?)\b"
    r"|\b(?P<week>next\ week|nächste[rn]?\ woche|end\ of\ (?:the\ )?week|ende\ der\ woche)\b",
    re.IGNORECASE,
)
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "einem": 1, "einer": 1, "zwei": 2, "drei": 3}


@dataclass(frozen=True, slots=True)
class DateFound:
    """A date in a text: as written, where it starts, and the day meant (None: unclear or no such day)."""

    text: str
    start: int
    day: dt.date | None


def months_pattern() -> str:
    """Return the alternation of all month names known, longest first, for use in a regular expression."""
    return _NAMES


def month_number(name: str) -> int:
    """Return 1 to 12 for a month's name or its short form in any of the languages known.

    Raises:
        KeyError: it is no month's name.
    """
    return _MONTH_NUMBER[name.lower().rstrip(".")]


def find_dates(text: str, year: int | None = None) -> Iterator[DateFound]:
    """Yield the calendar dates in the text, in order.

    A date without a year takes `year`, else it stays undecided. 03/04/2024 stays undecided too: it is
    March to one reader and April to another.
    """
    for match in _DATE.finditer(text):
        if match["md_m"] in ("may", "march", "mar"):
            continue  # "you may 5 times": the verbs are not written with a capital
        yield DateFound(match[0].rstrip(" .,"), match.start(), _day_of(match, year))


def _day_of(match: re.Match[str], year: int | None) -> dt.date | None:
    g = match.groupdict()
    if g["iso_y"]:
        return _date(int(g["iso_y"]), int(g["iso_m"]), int(g["iso_d"]))
    if g["dot_y"]:
        return _date(int(g["dot_y"]), int(g["dot_m"]), int(g["dot_d"]))
    if g["sl_y"]:
        a, b = int(g["sl_a"]), int(g["sl_b"])
        if a <= 12 and b <= 12 and a != b:
            return None
        day, month = (a, b) if a > 12 or a == b else (b, a)
        return _date(int(g["sl_y"]), month, day)
    kind = "dm" if g["dm_m"] else "md"
    written = g[f"{kind}_y"]
    full = int(written) if written else year
    return None if full is None else _date(full, month_number(g[f"{kind}_m"]), int(g[f"{kind}_d"]))


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def date_near(text: str, today: dt.date | None) -> DateFound | None:
    """Return the first date or relative day ("by Friday", "tomorrow", "in two weeks") in a short text.

    The day of a relative one is known only when `today` is: a weekday is the next one after today, "next
    week" is Friday of next week, "end of the week" is Friday of this one.
    """
    absolute = next(find_dates(text, today.year if today else None), None)
    relative = _RELATIVE.search(text)
    if relative and (absolute is None or relative.start() < absolute.start):
        # "Friday, 12 May" is one date: the calendar one is the surer half.
        if absolute and relative["day"] and 0 <= absolute.start - relative.end() <= 6:
            return DateFound(
                text[relative.start() : absolute.start + len(absolute.text)], relative.start(), absolute.day
            )
        return DateFound(relative[0], relative.start(), _resolve(relative, today) if today else None)
    return absolute


def _resolve(match: re.Match[str], today: dt.date) -> dt.date | None:
    g = match.groupdict()
    if g["today"]:
        return today
    if g["tomorrow"] or g["over"]:
        return today + dt.timedelta(days=1 if g["tomorrow"] else 2)
    if g["week"]:
        friday = today + dt.timedelta(days=4 - today.weekday())
        return friday if g["week"].lower().startswith("end") else friday + dt.timedelta(weeks=1)
    if g["n"]:
        count = _NUMBERS.get(g["n"].lower()) or int(g["n"])
        return today + dt.timedelta(days=count * (7 if g["unit"].lower().startswith("w") else 1))
    if g["dom"]:
        return _next_day_of_month(int(g["dom"]), today)
    ahead = (_WEEKDAY_NUMBER[g["day"].lower()] - today.weekday()) % 7 or 7
    if g["next"] and ahead + today.weekday() < 7:
        ahead += 7
    return today + dt.timedelta(days=ahead)


def _next_day_of_month(day: int, today: dt.date) -> dt.date | None:
    """Return the next 21st (today's included); None when this month and the next have no such day."""
    later = (today.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    for month in (today, later):
        found = _date(month.year, month.month, day)
        if found is not None and found >= today:
            return found
    return None
