"""From rows, given or stored, to cases: what of each the figures need. Times are seconds since 1970, UTC."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from report_models import Period, Row
from report_stages import Stages, normal

_ON_THE_WAY = "in_progress"  # a status that does not say how far


@dataclass(frozen=True, slots=True)
class Case:
    """An entity: when it came in, the stages it reached, how and when it ended (None: in progress).

    `moved` is when somebody or something last moved it before the report's horizon, `moved_to` its status or the
    event then.
    """

    id: str
    name: str
    group: str
    status: str
    created: float
    reached: dict[str, float]
    outcome: str | None
    ended: float | None
    moved: float
    moved_to: str


def horizon_of(period: Period) -> float:
    """Return the moment whose state the report shows: the end of the period, or now, if that is earlier."""
    return (min(period.end, period.now) if period.start <= period.now else period.end).timestamp()


def from_row(row: Row, stages: Stages, horizon: float) -> Case:
    """Return the case of a row that was given."""
    events = [(event.at.timestamp(), event.event) for event in row.events]
    updated = None if row.updated_at is None else row.updated_at.timestamp()
    texts = (row.id, row.name or "", row.group, row.status)
    return case(texts, row.created_at.timestamp(), updated, events, stages, horizon)


def case(
    texts: tuple[str, str, str, str],
    created: float,
    updated: float | None,
    events: Iterable[tuple[float, str]],
    stages: Stages,
    horizon: float,
) -> Case:
    """Return a case.

    Args:
        texts: id, name, group, status.
        created: when it came in.
        updated: when it was last touched, if that is known.
        events: (time, event), in any order.
        stages: of its entity.
        horizon: see `horizon_of`.
    """
    id_, name, group, status = texts
    stage_of, final_of, first = stages.stage_of, stages.final_of, stages.first
    outcome = final_of(status)
    reached = {first: created}
    ended: float | None = None
    last, moved, moved_to = created, created, first
    for at, event in events:
        if at > last:
            last = at
        stage = stage_of(event)
        if moved <= at < horizon:
            moved = at
            # A mail that was sent says that somebody cared, and not where the case stands.
            moved_to = event if stage or outcome or moved_to == first else moved_to
        if stage is not None and stage != first and at < reached.get(stage, at + 1):
            reached[stage] = at
        if outcome is not None and final_of(event) == outcome:
            ended = at
    touched = last if updated is None else max(updated, last)
    if (stage := stage_of(status)) is not None:
        reached.setdefault(stage, touched)
    if touched < horizon:
        moved = touched
        moved_to = status if outcome or normal(status) != _ON_THE_WAY else moved_to
    if outcome is not None and ended is None:
        ended = touched
    return Case(id_, name, group, status, created, reached, outcome, ended, moved, moved_to)
