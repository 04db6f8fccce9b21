"""Which time a report covers."""

from __future__ import annotations

import datetime as dt

from report_models import Period, zone


def choose_period(date: str, start: dt.date | None, end: dt.date | None, now: dt.datetime, timezone: str) -> Period:
    """Return the period in the time zone: whole days, weeks from Monday.

    `now` decides what "today" is; `start` and `end` (included) win over `date`.
    """
    tz = zone(timezone)
    now = now.astimezone(tz)
    if start is not None and end is not None:
        first, after = start, end + dt.timedelta(days=1)
        before = first - (after - first)
    else:
        first, after, before = _named(date, now.date())
    return Period(
        start=_midnight(first, tz),
        end=_midnight(after, tz),
        previous_start=_midnight(before, tz),
        now=now,
        label=_label(first, after - dt.timedelta(days=1)),
    )


def key_of(entity: str, period: Period) -> str:
    """Return the report's name in storage: the entity, and the first and last day, as in "order-2026-11-16_2026-11-22".

    A period of one day is that day. Reports on two entities never replace each other.
    """
    first, last = period.start.date(), (period.end - dt.timedelta(days=1)).date()
    return f"{entity}-{first}" if first == last else f"{entity}-{first}_{last}"


def _named(date: str, today: dt.date) -> tuple[dt.date, dt.date, dt.date]:
    """Return first day, day after the last, and first day of the period before."""
    day, week = dt.timedelta(days=1), dt.timedelta(weeks=1)
    monday = today - dt.timedelta(days=today.weekday())
    if date == "this-week":
        return monday, monday + week, monday - week
    if date == "last-week":
        return monday - week, monday, monday - 2 * week
    if date == "last-month":
        after = today.replace(day=1)
        first = (after - day).replace(day=1)
        return first, after, (first - day).replace(day=1)
    first = today if date == "today" else today - day if date == "yesterday" else dt.date.fromisoformat(date)
    return first, first + day, first - day


def _midnight(day: dt.date, tz: dt.tzinfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tz)


def _label(first: dt.date, last: dt.date) -> str:
    if first == last:
        return f"{first:%A}, {first.day} {first:%B %Y}"
    return f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"
