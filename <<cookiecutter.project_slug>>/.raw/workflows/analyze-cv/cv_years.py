"""How many years a person has worked, from the date ranges of the CV."""

# ruff: noqa: RUF001 - dashes and quotes as people type them are what is searched for

from __future__ import annotations

import datetime as dt
import re

from cv_dates import Range, find_months, find_ranges
from cv_models import Evidence, Experience, Period
from cv_sections import Line, line_at

from tools import prose

_STUDY = re.compile(
    r"\b(?:universi\w+|hochschule|fachhochschule|technische uni\w*|uni|college|polytechnic|gymnasium|realschule|"
    r"grundschule|"
    r"high school|secondary school|grammar school|school of|b\.? ?sc|m\.? ?sc|b\.? ?a\b|m\.? ?a\b|b\.? ?eng|m\.? "
    r"?eng|mba|ph\.? ?d|"
    r"bachelor\w*|master(?:'s| of| in|studium|thesis)\w*|diploma?|diplom\w*|degree|studium|studies|student of|"
    r"abitur|matura|a-levels|gcse|"
    r"ausbildung (?:zum|zur|als)|lehre als|umschulung|bootcamp|licenciatura|grado en|licence|université|laurea)\b",
    re.I,
)
_JOB = re.compile(
    r"\b(?:engineer\w*|develop\w+|entwickler\w*|programm\w+|consult\w+|berater\w*|manager\w*|lead|leiter\w*|"
    r"architect\w*|analyst\w*|"
    r"assistan\w+|assistent\w*|mitarbeiter\w*|werkstudent\w*|working student|tutor|teacher|lehrer\w*|lecturer|"
    r"professor|intern|"
    r"internship|praktik\w+|trainee|freelanc\w+|freiberuf\w+|administrator\w*|specialist|technician|techniker\w*|"
    r"nurse|chef|"
    r"ingenieur\w*|ingénieur\w*|développeu\w+|ingenier\w+|desarrollador\w*|gmbh|ltd|inc|ag|llc|s\.a|b\.v)\b",
    re.I,
)
_AWAY = re.compile(
    r"\b(?:parental leave|maternity leave|paternity leave|elternzeit|sabbatical|career break|gap year|"
    r"travel(?:s|l?ing)?(?! (?:agen|consult|manag|industry))|weltreise|"
    r"unemployed|arbeitslos|arbeitssuchend|job search|zivildienst|wehrdienst|bundeswehr|military service|"
    r"volunteer\w*|ehrenamt\w*)\b",
    re.I,
)
_NO_NEWS = re.compile(
    r"\b(?:born|birth|geboren|geb\.|geburtsdatum|nacid[oa]|expected|expires?|valid|gültig|voraussichtlich|"
    r"graduation|phone|tel|mobile)\b",
    re.I,
)
_PHONE_BEFORE = re.compile(
    r"(?:\b(?:phone|tel|telefon|mobile?|mobil|fax|cell)\b[^a-z]{0,25}|\+\d[\d ()/-]{0,20})$", re.I
)
_EXPERIENCE = r"(?:experience|erfahrung|berufserfahrung|experiencia|expérience|esperienza|ervaring)"
_NUMBER = (
    r"(?P<n>\d{1,2}(?:[.,]5)?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|"
    r"zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|fünfzehn|zwanzig)"
)
_STATED = re.compile(
    rf"\b{_NUMBER}\s?\+?[ -]?(?:years?|yrs?|jahre?n?|años|ans|anni|jaar)\b(?=[^.\n]{{0,60}}{_EXPERIENCE})"
    rf"|{_EXPERIENCE}\s?[:(–-]\s?{_NUMBER.replace('<n>', '<m>')}\s?\+?\s?(?:years?|yrs?|jahre?|años|ans|anni|jaar)\b",
    re.I,
)
_WORDS = (
    {
        "one": 1,
        "two": 2,
        "three": 3,
        "four": 4,
        "five": 5,
        "six": 6,
        "seven": 7,
        "eight": 8,
        "nine": 9,
        "ten": 10,
        "twelve": 12,
    }
    | {
        "fifteen": 15,
        "twenty": 20,
        "zwei": 2,
        "drei": 3,
        "vier": 4,
        "fünf": 5,
        "sechs": 6,
        "sieben": 7,
        "acht": 8,
        "neun": 9,
    }
    | {"zehn": 10, "zwölf": 12, "fünfzehn": 15, "zwanzig": 20}
)
_MAX_PERIODS = 60


def work_experience(text: str, lines: list[Line], as_of: dt.date | None) -> Experience:
    """Return the years of work up to `as_of`, else up to the latest date that the CV names.

    Ranges in education, volunteering, languages, certificates and interests do not count, nor does leave; those in
    projects and skills count only where the CV has no other. A CV without ranges is taken at its word
    ("8 years of experience").
    """
    ranges = find_ranges(text)
    today = _month(as_of) if as_of else _latest(text, lines, ranges)
    work = _periods(lines, ranges, today)
    stated = _stated(text)
    years = round(_merged_months(work) / 12, 1)
    return Experience(
        years=years if work else (stated or 0.0),
        method="date ranges" if work else "stated" if stated else "none",
        as_of=as_of or (_day(today) if today is not None else None),
        as_of_source="given" if as_of else "latest date in the CV" if today is not None else "none",
        periods=work,
        stated_years=stated,
    )


def _month(day: dt.date) -> int:
    return day.year * 12 + day.month - 1


def _day(month: int) -> dt.date:
    return dt.date(month // 12, month % 12 + 1, 1)


def _latest(text: str, lines: list[Line], ranges: list[Range]) -> int | None:
    """Return the last month named: of any range, and of single dates where the month is written."""
    months = [r.start if r.end is None else r.end - 1 for r in ranges]
    for offset, month, precise in find_months(text):
        if precise and not _NO_NEWS.search(line_at(lines, offset).text[:300]):
            months.append(month)
    return max(months, default=None)


def _periods(lines: list[Line], ranges: list[Range], today: int | None) -> list[Period]:
    first: list[Period] = []
    second: list[Period] = []
    for found in ranges:
        line = line_at(lines, found.offset)
        rank = _rank(line, found, lines)
        if rank == 0 or today is None:
            continue
        end = min(today + 1, found.end if found.end is not None else today + 1)
        if found.start >= end:
            continue
        at = found.offset - line.start
        quote = prose.quote(line.text, at, min(found.stop - line.start, len(line.text)), around=80)
        evidence = Evidence(quote=quote, line=line.number, section=line.section)
        (first if rank == 1 else second).append(Period(start=_day(found.start), end=_day(end), evidence=evidence))
    return (first or second)[:_MAX_PERIODS]


def _rank(line: Line, found: Range, lines: list[Line]) -> int:
    """Return 1 for a range of work, 2 for one that may stand in for it, 0 for one that is none."""
    # A window, since some CVs come as one line.
    at = found.offset - line.start
    here = line.text[max(0, at - 120) : at + 160]
    if line.section in ("education", "volunteering", "languages", "certificates", "interests") or _AWAY.search(here):
        return 0
    if _PHONE_BEFORE.search(line.text[max(0, at - 40) : at]):
        return 0
    # A range alone on its line is explained by the line below it, else by the one above.
    around = here
    if not _says_something(line.text[max(0, at - 120) : at] + line.text[found.stop - line.start : at + 160]):
        around = _text_of(lines, line.number + 1).strip() or _text_of(lines, line.number - 1)
    if (_STUDY.search(around) and not _JOB.search(around)) or _AWAY.search(around):
        return 0
    return 2 if line.section in ("projects", "skills") else 1


def _says_something(text: str) -> bool:
    return len(re.sub(r"[\W\d]", "", text)) > 8


def _text_of(lines: list[Line], number: int) -> str:
    return lines[number - 1].text[:400] if 1 <= number <= len(lines) else ""


def _merged_months(periods: list[Period]) -> int:
    total, reached = 0, 0
    for start, end in sorted((_month(p.start), _month(p.end)) for p in periods):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total


def _stated(text: str) -> float | None:
    found: list[float] = []
    for match in _STATED.finditer(text):
        number = (match["n"] or match["m"]).lower().replace(",", ".")
        found.append(_WORDS[number] if number in _WORDS else float(number))
    return max((n for n in found if n <= 50), default=None)
