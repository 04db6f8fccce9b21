"""Every candidate with what happened to them, for reports; read in pages, so that memory does not grow with them."""

from __future__ import annotations

import gc
import os
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.records.reader import RecordsError, ask

if TYPE_CHECKING:
    from db.session import Database

PAGE = 5000
_JULIAN_DAY_OF_1970 = 2440587.5
_DRY_RUN = "RAW_NETWORK_REPORT"  # set where the network is shut


@dataclass(frozen=True, slots=True)
class History:
    """A candidate; times are seconds since 1970, UTC. `events` are (time, event), the earliest first."""

    id: str
    name: str
    position: str
    status: str
    created: float
    updated: float
    events: list[tuple[float, str]]


def histories(visit: Callable[[History], None]) -> bool:
    """Call `visit` with every candidate; return False, without a call, where there is no database yet, or in a dry run.

    A candidate who comes in, or something that happens, while it reads may be seen or not.

    Raises:
        RecordsError: the database could not be read; the text is one plain sentence.
    """
    if _DRY_RUN in os.environ:
        return False

    async def read(database: Database) -> None:
        last: uuid.UUID | None = None
        while rows := await _page(database, last):
            for row in rows:
                visit(row[0])
            last = rows[-1][1]

    # Rows come in by the million and hold no cycles: the collector, which looks for them ever again, takes a third.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return ask(read)
    except RecordsError as error:
        raise RecordsError(f"The candidates cannot be read: {error}") from error
    finally:
        if collecting:
            gc.enable()


async def _page(database: Database, after: uuid.UUID | None) -> list[tuple[History, uuid.UUID]]:
    from sqlalchemy import ColumnElement, Float, cast, extract, func, select

    from db.models import Candidate, TimelineEvent

    def seconds(column: Any) -> ColumnElement[float]:
        """Let the database count: to make a datetime of each of a million rows takes longer than to read them."""
        if database.is_sqlite:
            days: ColumnElement[float] = func.julianday(column, type_=Float)
            # Days have room for less than a millisecond: without rounding, midnight may fall on the day before.
            return func.round((days - _JULIAN_DAY_OF_1970) * 86400.0, 3, type_=Float)
        return cast(extract("epoch", column), Float)

    people = select(
        Candidate.id,
        Candidate.name,
        Candidate.position,
        Candidate.status,
        seconds(Candidate.created_at),
        seconds(Candidate.updated_at),
    ).order_by(Candidate.id)
    if after is not None:
        people = people.where(Candidate.id > after)
    async with database.session(read_only=True) as session:
        connection = await session.connection()  # a session's own rows take twice the time
        rows = (await connection.execute(people.limit(PAGE))).all()
        if not rows:
            return []
        happened = (
            select(TimelineEvent.candidate_id, seconds(TimelineEvent.at), TimelineEvent.event)
            .where(TimelineEvent.candidate_id.between(rows[0][0], rows[-1][0]))
            .order_by(TimelineEvent.candidate_id, TimelineEvent.at, TimelineEvent.id)
        )
        events: defaultdict[uuid.UUID | None, list[tuple[float, str]]] = defaultdict(list)
        for owner, at, event in await connection.execute(happened):
            events[owner].append((at, event))
    return [
        (History(str(id_), name, position, status, created, updated, events.get(id_, [])), id_)
        for id_, name, position, status, created, updated in rows
    ]
