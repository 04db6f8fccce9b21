"""Every candidate with what happened to them, for reports; read in pages, so that memory does not grow with them."""

from __future__ import annotations

import os
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.records.reader import RecordsError, ask

if TYPE_CHECKING:
    from datetime import datetime

    from db.session import Database

PAGE = 5000
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

    try:
        return ask(read)
    except RecordsError as error:
        raise RecordsError(f"The candidates cannot be read: {error}") from error


async def _page(database: Database, after: uuid.UUID | None) -> list[tuple[History, uuid.UUID]]:
    from sqlalchemy import select

    from db.models import Candidate, TimelineEvent

    people = select(
        Candidate.id,
        Candidate.name,
        Candidate.position,
        Candidate.status,
        Candidate.created_at,
        Candidate.updated_at,
    ).order_by(Candidate.id)
    if after is not None:
        people = people.where(Candidate.id > after)
    async with database.session(read_only=True) as session:
        rows = (await session.execute(people.limit(PAGE))).all()
        if not rows:
            return []
        happened = (
            select(TimelineEvent.candidate_id, TimelineEvent.at, TimelineEvent.event)
            .where(TimelineEvent.candidate_id.between(rows[0][0], rows[-1][0]))
            .order_by(TimelineEvent.candidate_id, TimelineEvent.at, TimelineEvent.id)
        )
        events: defaultdict[uuid.UUID | None, list[tuple[float, str]]] = defaultdict(list)
        for owner, at, event in await session.execute(happened):
            events[owner].append((at.timestamp(), event))

    def history(row: tuple[uuid.UUID, str, str, str, datetime, datetime]) -> History:
        id_, name, position, status, created, updated = row
        times = (created.timestamp(), updated.timestamp())
        return History(str(id_), name, position, status, *times, events.get(id_, []))

    return [(history(row._tuple()), row[0]) for row in rows]
