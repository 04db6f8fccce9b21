"""The hot path: a webhook that makes an entity. Receipt, rows, timeline and outbox entry in one transaction.

On PostgreSQL all of it is one statement, which is a transaction by itself: one round trip instead of six, and one
commit. On SQLite, where there are no round trips, the repositories do the same step by step.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import asyncpg
from sqlalchemy import Column, inspect
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import instance_dict

import tracing
from db.base import EntityRow
from db.entities import entity_type, type_of
from db.repositories import entities, inbox, outbox, timeline
from db.repositories.inbox import Accepted
from db.session import Database, DatabaseUnavailableError, why_unavailable
from db.types import clean_json, new_id, utc_now

_DIALECT = dialect()  # type: ignore[no-untyped-call]
_RECEIPT_VALUES = 10


@dataclass(frozen=True, slots=True)
class Receipt:
    """A webhook as it came, and the answer it gets; `entity_id` is that of the entity to be made."""

    source: str
    webhook_id: str
    body: bytes
    entity_id: uuid.UUID
    answer: Mapping[str, Any]
    location: str
    detail: Mapping[str, Any]


async def take(database: Database, receipt: Receipt, row: EntityRow, *, target: str | None = None) -> Accepted:
    """Store an entity, or return the answer that this webhook got before.

    Args:
        database: where to.
        receipt: the webhook.
        row: the entity's own row, not stored yet; it gets the receipt's id.
        target: id of the Temporal workflow that the outbox is to start for it; None: none is started.

    Raises:
        BodyMismatchError: the webhook's id came before with another body.
        ValueError: the webhook's id is empty or too long.
        DatabaseUnavailableError: nothing is known to be stored.
    """
    row.id = receipt.entity_id
    kind = type_of(type(row)).name
    found = None if database.is_sqlite else _statement(kind, starts=target is not None)
    if found is not None:
        statement, own = found
        values = [*_receipt_values(receipt, kind), *(value(row) for value in own)]
        if target is not None:
            # The target is new, as the entity is: its first entry has the position 1.
            values += [new_id(), target, tracing.traceparent()]
        if await _run(database, statement, values):
            return Accepted(True, 202, dict(receipt.answer), receipt.location, kind, receipt.entity_id)
    async with database.session() as session:
        accepted = await _accept(session, receipt, kind)
        if accepted.fresh:
            await entities.add(session, row)
            if target is not None:
                await outbox.add(
                    session,
                    kind="start",
                    target=target,
                    payload={},
                    entity_type=kind,
                    entity_id=receipt.entity_id,
                    dedupe_key=target,
                )
    return accepted


@lru_cache(maxsize=128)
def _statement(kind: str, *, starts: bool) -> tuple[str, list[Callable[[EntityRow], Any]]] | None:
    """Return the statement for a type of entity, and what gives the values that it takes after the receipt's.

    None: the database makes a value by itself, which the statement leaves no room for.
    """
    model: Any = entity_type(kind).model
    table = model.__table__
    columns = [column for column in table.columns if column.name != "id"]
    if not all(_is_ours(column) for column in columns):
        return None
    named = "".join(f', "{column.name}"' for column in columns)
    given = "".join(f", ${number}" for number, _ in enumerate(columns, start=_RECEIPT_VALUES + 2))
    entry = ""
    if starts:
        first = _RECEIPT_VALUES + 2 + len(columns)
        entry = f"""
, entry AS (
    INSERT INTO outbox (id, kind, target, position, payload, entity_type, entity_id, dedupe_key, traceparent,
                        status, attempts, next_attempt_at, created_at)
    SELECT ${first}, 'start', ${first + 1}, 1, '{{}}', $11, id, ${first + 1}, ${first + 2}, 'pending', 0, $8, $8
    FROM receipt
)"""  # noqa: S608 - constants and places
    statement = f"""
WITH receipt AS (
    INSERT INTO webhook_inbox (id, source, webhook_id, body_digest, status_code, answer, location, entity_type,
                               entity_id, received_at)
    VALUES ($1, $2, $3, $4, 202, $5, $6, $11, $7, $8)
    ON CONFLICT (source, webhook_id) DO NOTHING
    RETURNING entity_id AS id
), entity AS (
    INSERT INTO entities (id, type) SELECT id, $11 FROM receipt
), event AS (
    INSERT INTO timeline (id, entity_type, entity_id, at, event, detail)
    SELECT $9, $11, id, $8, 'received', $10 FROM receipt
), own AS (
    INSERT INTO "{table.name}" (id{named}) SELECT id{given} FROM receipt
){entry}
SELECT id FROM receipt"""  # noqa: S608 - names of our own tables, and places
    return statement, [_value(model, column) for column in columns]


def _is_ours(column: Column[Any]) -> bool:
    """Whether a column's value is known before the database has the row."""
    default = column.default
    return column.server_default is None and (default is None or default.is_scalar or default.is_callable)


def _value(model: type[EntityRow], column: Column[Any]) -> Callable[[EntityRow], Any]:
    """Return what gives a column's value as the driver takes it, its default where a row has none."""
    name = inspect(model).get_property_by_column(column).key
    default: Any = column.default
    process = column.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)

    def value(row: EntityRow) -> Any:
        # What was not given is not there, and to ask an attribute for it costs more.
        given = instance_dict(row).get(name)
        if given is None and default is not None:
            given = default.arg(None) if default.is_callable else default.arg
        return given if process is None else process(given)

    return value


async def _accept(session: AsyncSession, receipt: Receipt, entity_type: str) -> Accepted:
    accepted = await inbox.accept(
        session,
        source=receipt.source,
        webhook_id=receipt.webhook_id,
        body=receipt.body,
        entity_type=entity_type,
        entity_id=receipt.entity_id,
        answer=receipt.answer,
        location=receipt.location,
    )
    if accepted.fresh:
        await timeline.add(session, entity_type, receipt.entity_id, "received", receipt.detail)
    return accepted


def _receipt_values(receipt: Receipt, kind: str) -> list[Any]:
    return [
        new_id(),
        receipt.source,
        inbox.stored_id(receipt.webhook_id),
        hashlib.sha256(receipt.body).hexdigest(),
        json.dumps(clean_json(receipt.answer)),
        receipt.location,
        receipt.entity_id,
        utc_now(),
        new_id(),
        json.dumps(clean_json(receipt.detail)),
        kind,
    ]


async def _run(database: Database, statement: str, values: Sequence[Any]) -> bool:
    """Run the one statement on the driver's own connection; False when the webhook was taken before, or is refused.

    What the database refuses is refused again step by step, in the error that every caller knows: it quotes no row.
    """
    try:
        # Beyond the pool's size, connections are opened and closed again each time: waiting is cheaper.
        async with database.slots, database.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver = raw.driver_connection
            assert isinstance(driver, asyncpg.Connection)
            try:
                return await driver.fetchval(statement, *values) is not None
            except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError):
                # The pool must not hand this connection out again, nor those that died with it.
                await connection.invalidate()
                raise
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError):
        return False
    except asyncpg.InterfaceError as error:
        raise DatabaseUnavailableError("The database is not available: the connection was lost.") from error
    except Exception as error:
        if reason := why_unavailable(error):
            raise DatabaseUnavailableError(f"The database is not available: {reason}.") from error
        raise
