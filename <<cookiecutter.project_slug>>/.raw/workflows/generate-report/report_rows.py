"""From rows, given or stored, to candidates: what of each the figures need. Times are seconds since 1970, UTC."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from report_models import Period, Row
from report_stages import final_of, normal, stage_of

_ON_THE_WAY = "in_progress"  # a status that does not say how far


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate: when they came in, the stages they reached, how and when they ended (None: in progress).

    `moved` is when somebody or something last moved them before the report's horizon, `moved_to` their status or the
    event then.
    """

    id: str
    name: str
    position: str
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


def from_row(row: Row, horizon: float) -> Candidate:
    """Return the candidate of a row that was given."""
    events = [(event.at.timestamp(), event.event) for event in row.events]
    updated = None if row.updated_at is None else row.updated_at.timestamp()
    return candidate(
        (row.id, row.name or "", row.position, row.status), row.created_at.timestamp(), updated, events, horizon
    )


def candidate(
    texts: tuple[str, str, str, str],
    created: float,
    updated: float | None,
    events: Iterable[tuple[float, str]],
    horizon: float,
) -> Candidate:
    """Return a candidate.

    Args:
        texts: id, name, position, status.
        created: when they came in.
        updated: when they were last touched, if that is known.
        events: (time, event), in any order.
        horizon: see `horizon_of`.
    """
    id_, name, position, status = texts
    outcome = final_of(status)
    reached = {"received": created}
    ended: float | None = None
    last, moved, moved_to = created, created, "received"
    for at, event in events:
        if at > last:
            last = at
        stage = stage_of(event)
        if moved <= at < horizon:
            moved = at
            # A mail that was sent says that somebody cared, and not where the candidate stands.
            moved_to = event if stage or outcome or moved_to == "received" else moved_to
        if stage is not None and stage != "received" and at < reached.get(stage, at + 1):
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
    return Candidate(id_, name, position, status, created, reached, outcome, ended, moved, moved_to)
