"""From rows to figures."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from report_models import Count, Period, Position, ReportData, Row, StageTime, Totals, Waiting, Week, zone
from report_stages import FINAL, ORDER, STAGES, final_of, normal, stage_of

WEEKS = 8
_POSITIONS = 10
_WAITING = 15


@dataclass(slots=True)
class _Candidate:
    """A row, read once: when it came in, where it stands, when it ended (None: in progress)."""

    row: Row
    created: dt.datetime
    updated: dt.datetime
    reached: dict[str, dt.datetime]
    outcome: str | None
    ended: dt.datetime | None


def measure(
    rows: list[Row], period: Period, *, title: str, timezone: str, sample: bool, show_names: bool
) -> ReportData:
    """Return the figures of the period.

    The funnel follows those who came in during it; outcomes count those who ended in it; "in progress" is
    who had come in and not ended when the period (or now, if that is earlier) was over.
    """
    everyone = [_read(row) for row in rows]
    horizon = min(period.end, period.now) if period.start <= period.now else period.end
    received = [c for c in everyone if period.start <= c.created < period.end]
    finished = [c for c in everyone if c.ended is not None and period.start <= c.ended < period.end]
    open_now = [c for c in everyone if c.created < horizon and (c.ended is None or c.ended >= horizon)]
    outcomes = Counter(c.outcome for c in finished if c.outcome)
    days = sorted((c.ended - c.created).total_seconds() / 86400 for c in finished if c.ended)
    before = (period.previous_start, period.start)
    return ReportData(
        title=title,
        period=period,
        timezone=timezone,
        sample=sample,
        totals=Totals(
            received=len(received),
            received_before=sum(before[0] <= c.created < before[1] for c in everyone),
            finished=len(finished),
            finished_before=sum(c.ended is not None and before[0] <= c.ended < before[1] for c in everyone),
            completed=outcomes["completed"],
            in_progress=len(open_now),
            median_days_to_finish=round(_quantile(days, 0.5), 2) if days else None,
            rows=len(rows),
        ),
        funnel=_funnel(received),
        outcomes=_shares([(name, outcomes[name]) for name in FINAL], len(finished)),
        statuses=_shares(Counter(normal(c.row.status) for c in received).most_common(12), len(received)),
        time_in_stage=_stage_times(everyone, period),
        by_week=_weeks(everyone, period, zone(timezone)),
        by_position=_positions(received, finished, open_now),
        waiting=_waiting(open_now, horizon, show_names=show_names),
    )


def _read(row: Row) -> _Candidate:
    reached: dict[str, dt.datetime] = {"received": row.created_at}
    outcome = final_of(row.status)
    last, ended = row.created_at, None
    for event in row.events:
        last = max(last, event.at)
        stage = stage_of(event.event)
        if stage is not None and (stage not in reached or (stage != "received" and event.at < reached[stage])):
            reached[stage] = event.at
        if outcome is not None and final_of(event.event) == outcome:
            ended = event.at
    updated = max(row.updated_at or last, last)
    stage = stage_of(row.status)
    if stage is not None:
        reached.setdefault(stage, updated)
    return _Candidate(row, row.created_at, updated, reached, outcome, (ended or updated) if outcome else None)


def _shares(counts: Iterable[tuple[str, int]], whole: int) -> list[Count]:
    return [Count(name=name, count=n, share=round(n / whole, 4) if whole else 0.0) for name, n in counts]


def _funnel(received: list[_Candidate]) -> list[Count]:
    """Count who got as far as each stage; who reached a later one has passed the earlier ones."""
    furthest = Counter(max(ORDER[stage] for stage in c.reached) for c in received)
    counts = [(stage, sum(n for index, n in furthest.items() if index >= ORDER[stage])) for stage, _ in STAGES]
    return _shares(counts, len(received))


def _stage_times(everyone: list[_Candidate], period: Period) -> list[StageTime]:
    hours: defaultdict[str, list[float]] = defaultdict(list)
    for c in everyone:
        steps = sorted(c.reached.items(), key=lambda item: (item[1], ORDER[item[0]]))
        ends = [at for _, at in steps[1:]] + ([c.ended] if c.ended else [])
        for (stage, began), left in zip(steps, ends, strict=False):
            if stage != "completed" and period.start <= left < period.end and left >= began:
                hours[stage].append((left - began).total_seconds() / 3600)
    return [
        StageTime(
            stage=stage,
            count=len(values),
            median_hours=round(_quantile(values, 0.5), 2),
            p90_hours=round(_quantile(values, 0.9), 2),
        )
        for stage, _ in STAGES
        if (values := sorted(hours[stage]))
    ]


def _quantile(values: list[float], q: float) -> float:
    """Return the quantile of sorted values, between the two nearest."""
    at = q * (len(values) - 1)
    low = int(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (at - low)


def _weeks(everyone: list[_Candidate], period: Period, tz: dt.tzinfo) -> list[Week]:
    """Return the eight weeks up to the one in which the period ends."""
    last_day = (period.end - dt.timedelta(microseconds=1)).astimezone(tz).date()
    last_monday = last_day - dt.timedelta(days=last_day.weekday())
    mondays = [last_monday - dt.timedelta(weeks=n) for n in reversed(range(WEEKS))]
    counts: dict[dt.date, list[int]] = {monday: [0, 0, 0] for monday in mondays}

    def add(at: dt.datetime, column: int) -> None:
        day = at.astimezone(tz).date()
        slot = counts.get(day - dt.timedelta(days=day.weekday()))
        if slot is not None:
            slot[column] += 1

    for c in everyone:
        add(c.created, 0)
        if c.ended is not None:
            add(c.ended, 1 if c.outcome == "completed" else 2)
    return [
        Week(week=f"{m:%G-W%V}", monday=m, received=n[0], completed=n[1], not_completed=n[2]) for m, n in counts.items()
    ]


def _positions(received: list[_Candidate], finished: list[_Candidate], open_now: list[_Candidate]) -> list[Position]:
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for c in received:
        counts[c.row.position][0] += 1
    for c in finished:
        counts[c.row.position][1] += c.outcome == "completed"
    for c in open_now:
        counts[c.row.position][2] += 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1][0], -item[1][2], item[0]))
    return [
        Position(position=name[:120], received=n[0], completed=n[1], in_progress=n[2])
        for name, n in ranked[:_POSITIONS]
    ]


def _waiting(open_now: list[_Candidate], horizon: dt.datetime, *, show_names: bool) -> list[Waiting]:
    touched = sorted(((*_last_touch(c, horizon), c) for c in open_now), key=lambda t: (t[0], t[2].row.id))
    return [
        Waiting(
            id=c.row.id[:80],
            name=(c.row.name or "")[:120] or None if show_names else None,
            position=c.row.position[:120],
            status=status,
            days=round((horizon - at).total_seconds() / 86400, 1),
        )
        for at, status, c in touched[:_WAITING]
    ]


def _last_touch(c: _Candidate, horizon: dt.datetime) -> tuple[dt.datetime, str]:
    """Return when somebody or something last moved the candidate before the horizon, and the status then."""
    if c.updated < horizon:
        return c.updated, normal(c.row.status)
    last = max((e for e in c.row.events if e.at < horizon), key=lambda e: e.at, default=None)
    return (last.at, normal(last.event)) if last else (c.created, "received")
