"""From rows to figures."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from report_models import Count, Grouped, Period, ReportData, StageTime, Totals, Waiting, Week, zone
from report_rows import Case, horizon_of
from report_stages import Stages, normal

WEEKS = 8
_GROUPS = 10
_WAITING = 15
_DAY = 86400.0
_WEEK = dt.timedelta(weeks=1)


def measure(
    everyone: Sequence[Case],
    stages: Stages,
    period: Period,
    *,
    entity: str,
    title: str,
    timezone: str,
    source: str,
    show_names: bool,
    stuck_days: float,
) -> ReportData:
    """Return the figures of the period.

    The funnel follows what came in during it; outcomes count what ended in it; "in progress" is what had come in and
    not ended when the period (or now, if that is earlier) was over. What is in progress and was not moved for
    `stuck_days` is stuck.
    """
    start, end, horizon = period.start.timestamp(), period.end.timestamp(), horizon_of(period)
    before = period.previous_start.timestamp()
    received = [c for c in everyone if start <= c.created < end]
    finished = [c for c in everyone if c.ended is not None and start <= c.ended < end]
    open_now = [c for c in everyone if c.created < horizon and (c.ended is None or c.ended >= horizon)]
    outcomes = Counter(c.outcome for c in finished if c.outcome)
    days = sorted((c.ended - c.created) / _DAY for c in finished if c.ended is not None)
    return ReportData(
        entity=entity,
        title=title,
        period=period,
        timezone=timezone,
        source=source,
        sample=source == "sample",
        totals=Totals(
            received=len(received),
            received_before=sum(before <= c.created < start for c in everyone),
            finished=len(finished),
            finished_before=sum(c.ended is not None and before <= c.ended < start for c in everyone),
            completed=outcomes[stages.good],
            in_progress=len(open_now),
            stuck=sum(horizon - c.moved > stuck_days * _DAY for c in open_now),
            median_days_to_finish=round(_quantile(days, 0.5), 2) if days else None,
            rows=len(everyone),
        ),
        funnel=_funnel(received, stages),
        outcomes=_shares([(name, outcomes[name]) for name in stages.final], len(finished)),
        statuses=_shares(Counter(normal(c.status) for c in received).most_common(12), len(received)),
        time_in_stage=_stage_times(everyone, stages, start, end),
        by_week=_weeks(everyone, stages, period, zone(timezone)),
        by_group=_groups(received, finished, open_now, stages.good),
        waiting=_waiting(open_now, horizon, show_names=show_names, stuck_days=stuck_days),
        stuck_days=stuck_days,
    )


def _shares(counts: Iterable[tuple[str, int]], whole: int) -> list[Count]:
    return [Count(name=name, count=n, share=round(n / whole, 4) if whole else 0.0) for name, n in counts]


def _funnel(received: Sequence[Case], stages: Stages) -> list[Count]:
    """Count what got as far as each stage; what reached a later one has passed the earlier ones."""
    furthest = Counter(max(stages.order[stage] for stage in c.reached) for c in received)
    counts = [(name, sum(n for index, n in furthest.items() if index >= stages.order[name])) for name in stages.names]
    return _shares(counts, len(received))


def _stage_times(everyone: Sequence[Case], stages: Stages, start: float, end: float) -> list[StageTime]:
    hours: defaultdict[str, list[float]] = defaultdict(list)
    for c in everyone:
        steps = sorted(c.reached.items(), key=lambda item: (item[1], stages.order[item[0]]))
        ends = [at for _, at in steps[1:]] + ([] if c.ended is None else [c.ended])
        for (stage, began), left in zip(steps, ends, strict=False):
            if stage not in stages.final and start <= left < end and left >= began:
                hours[stage].append((left - began) / 3600)
    return [
        StageTime(
            stage=stage,
            count=len(values),
            median_hours=round(_quantile(values, 0.5), 2),
            p90_hours=round(_quantile(values, 0.9), 2),
        )
        for stage in stages.names
        if (values := sorted(hours[stage]))
    ]


def _quantile(values: list[float], q: float) -> float:
    """Return the quantile of sorted values, between the two nearest."""
    at = q * (len(values) - 1)
    low = int(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (at - low)


def _weeks(everyone: Sequence[Case], stages: Stages, period: Period, tz: dt.tzinfo) -> list[Week]:
    """Return the eight weeks up to the one in which the period ends."""
    last_day = (period.end - dt.timedelta(microseconds=1)).astimezone(tz).date()
    last_monday = last_day - dt.timedelta(days=last_day.weekday())
    mondays = [last_monday - n * _WEEK for n in reversed(range(WEEKS))]
    # Weeks begin at midnight there, which is not always 168 hours after the last one.
    bounds = [dt.datetime.combine(day, dt.time(), tz).timestamp() for day in (*mondays, last_monday + _WEEK)]
    received = [0] * WEEKS
    ended: list[Counter[str]] = [Counter() for _ in mondays]
    for c in everyone:
        if bounds[0] <= c.created < bounds[-1]:
            received[bisect_right(bounds, c.created) - 1] += 1
        if c.ended is not None and c.outcome is not None and bounds[0] <= c.ended < bounds[-1]:
            ended[bisect_right(bounds, c.ended) - 1][c.outcome] += 1
    return [
        Week(
            week=f"{monday:%G-W%V}",
            monday=monday,
            received=number,
            completed=outcomes[stages.good],
            not_completed=outcomes.total() - outcomes[stages.good],
            outcomes={name: outcomes[name] for name in stages.final},
        )
        for monday, number, outcomes in zip(mondays, received, ended, strict=True)
    ]


def _groups(received: Sequence[Case], finished: Sequence[Case], open_now: Sequence[Case], good: str) -> list[Grouped]:
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for c in received:
        counts[c.group][0] += 1
    for c in finished:
        counts[c.group][1] += c.outcome == good
    for c in open_now:
        counts[c.group][2] += 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1][0], -item[1][2], item[0]))
    return [Grouped(group=name[:120], received=n[0], completed=n[1], in_progress=n[2]) for name, n in ranked[:_GROUPS]]


def _waiting(open_now: Sequence[Case], horizon: float, *, show_names: bool, stuck_days: float) -> list[Waiting]:
    longest = sorted(open_now, key=lambda c: (c.moved, c.id))[:_WAITING]
    return [
        Waiting(
            id=c.id[:80],
            name=c.name[:120] or None if show_names else None,
            group=c.group[:120],
            status=normal(c.moved_to),
            days=round((horizon - c.moved) / _DAY, 1),
            stuck=horizon - c.moved > stuck_days * _DAY,
        )
        for c in longest
    ]
