"""Every entity of a type with what happened to it, for reports; read in pages, so that memory does not grow."""

from __future__ import annotations

import gc
import os
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.records.reader import RecordsError, ask, kind_of

if TYPE_CHECKING:
    from db.entities import EntityType
    from db.session import Database

PAGE = 5000
_JULIAN_DAY_OF_1970 = 2440587.5
_DRY_RUN = "RAW_NETWORK_REPORT"  # set where the network is shut


@dataclass(frozen=True, slots=True)
class History:
    """An entity; times are seconds since 1970, UTC. `events` are (time, event), the earliest first.

    `label` and `group` are what the columns hold that its type names, "" where it names none.
    """

    id: str
    label: str
    group: str
    status: str
    created: float
    updated: float
    events: list[tuple[float, str]]


def histories(visit: Callable[[History], None], entity: str) -> bool:
    """Call `visit` with every entity of a type; return False, with no call, in a dry run and where no database is yet.

    What comes in, or happens, while it reads may be seen or not.

    Args:
        visit: is called with each.
        entity: the name of the type, such as "submission".

    Raises:
        RecordsError: there is no such type, or the database could not be read; the text is one plain sentence.
    """
    if _DRY_RUN in os.environ:
        return False

    kind = kind_of(entity)

    async def read(database: Database) -> None:
        last: uuid.UUID | None = None
        while rows := await _page(database, kind, last):
            for row in rows:
                visit(row[0])
            last = rows[-1][1]

    # Rows come in by the million and hold no cycles: the collector, which looks for them ever again, takes a third.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return ask(read)
    except RecordsError as error:
        raise RecordsError(f"The {kind.plural} cannot be read: {error}") from error
    finally:
        if collecting:
            gc.enable()


async def _page(database: Database, kind: EntityType, after: uuid.UUID | None) -> list[tuple[History, uuid.UUID]]:
    from sqlalchemy import ColumnElement, Float, cast, extract, func, literal, select

    from db.models import TimelineEvent

    model = kind.model

    def seconds(column: Any) -> ColumnElement[float]:
        """Let the database count: to make a datetime of each of a million rows takes longer than to read them."""
        if database.is_sqlite:
            days: ColumnElement[float] = func.julianday(column, type_=Float)
            # Days have room for less than a millisecond: without rounding, midnight may fall on the day before.
            return func.round((days - _JULIAN_DAY_OF_1970) * 86400.0, 3, type_=Float)
        return cast(extract("epoch", column), Float)

    def named(column: str | None) -> Any:
        return literal("") if column is None else getattr(model, column)

    wanted = select(
        model.id,
        named(kind.label),
        named(kind.group),
        model.status,
        seconds(model.created_at),
        seconds(model.updated_at),
    ).order_by(model.id)
    if after is not None:
        wanted = wanted.where(model.id > after)
    async with database.session(read_only=True) as session:
        connection = await session.connection()  # a session's own rows take twice the time
        rows = (await connection.execute(wanted.limit(PAGE))).all()
        if not rows:
            return []
        happened = (
            select(TimelineEvent.entity_id, seconds(TimelineEvent.at), TimelineEvent.event)
            .where(TimelineEvent.entity_id.between(rows[0][0], rows[-1][0]))
            .where(TimelineEvent.entity_type == kind.name)
            .order_by(TimelineEvent.entity_id, TimelineEvent.at, TimelineEvent.id)
        )
        events: defaultdict[uuid.UUID | None, list[tuple[float, str]]] = defaultdict(list)
        for owner, at, event in await connection.execute(happened):
            events[owner].append((at, event))
    return [
        (History(str(id_), label, group, status, created, updated, events.get(id_, [])), id_)
        for id_, label, group, status, created, updated in rows
    ]
