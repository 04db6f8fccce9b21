"""The hot path: a webhook that makes a row. Receipt, row, timeline and outbox entry in one transaction.

On PostgreSQL all of it is one statement, which is a transaction by itself: one round trip instead of six, and one
commit. On SQLite, where there are no round trips, the repositories do the same step by step.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

import tracing
from db.repositories import candidates, inbox, outbox, submissions, timeline
from db.repositories.inbox import Accepted
from db.session import Database, DatabaseUnavailableError, why_unavailable
from db.types import clean_text, new_id, utc_now


def _statement(kind: str, entity: str, more: str = "") -> str:
    """Return the statement for a kind of entity; `entity` writes its row."""
    return f"""
WITH receipt AS (
    INSERT INTO webhook_inbox (id, source, webhook_id, body_digest, status_code, answer, location, entity_type,
                               entity_id, received_at)
    VALUES ($1, $2, $3, $4, 202, $5, $6, '{kind}', $7, $8)
    ON CONFLICT (source, webhook_id) DO NOTHING
    RETURNING entity_id AS id
), event AS (
    INSERT INTO timeline (id, entity_type, entity_id, at, event, detail)
    SELECT $9, '{kind}', id, $8, 'received', $10 FROM receipt
), entity AS ({entity}){more}
SELECT id FROM receipt"""  # noqa: S608 - constants


_SUBMISSION = _statement(
    "submission",
    """
    INSERT INTO submissions (id, form, email, text, traceparent, status, attempts, next_attempt_at, created_at,
                             updated_at)
    SELECT id, $11, $12, $13, $14, 'pending', 0, $8, $8, $8 FROM receipt""",
)

# The target is new, as the candidate is: its first entry has the position 1.
_CANDIDATE = _statement(
    "candidate",
    """
    INSERT INTO candidates (id, name, email, phone, position, cv_text, status, created_at, updated_at)
    SELECT id, $11, $12, $13, $14, $15, 'received', $8, $8 FROM receipt""",
    """, entry AS (
    INSERT INTO outbox (id, kind, target, position, payload, entity_type, entity_id, dedupe_key, traceparent,
                        status, attempts, next_attempt_at, created_at)
    SELECT $16, 'start', $17, 1, $18, 'candidate', id, $17, $19, 'pending', 0, $8, $8 FROM receipt
)""",
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A webhook as it came, and the answer it gets; `entity_id` is that of the row to be made."""

    source: str
    webhook_id: str
    body: bytes
    entity_id: uuid.UUID
    answer: Mapping[str, Any]
    location: str
    detail: Mapping[str, Any]


def hiring_target(candidate_id: uuid.UUID) -> str:
    """Return the id of the candidate's Temporal workflow."""
    return f"hiring-{candidate_id}"


async def take_submission(database: Database, receipt: Receipt, *, form: str, email: str, text: str) -> Accepted:
    """Store a submission, or return the answer that this webhook got before.

    Raises:
        BodyMismatchError: the webhook's id came before with another body.
        DatabaseUnavailableError: nothing is known to be stored.
    """
    if not database.is_sqlite:
        texts = (clean_text(form), clean_text(email), clean_text(text))
        if await _run(database, _SUBMISSION, [*_receipt_values(receipt), *texts, tracing.traceparent()]):
            return _fresh(receipt, "submission")
    async with database.session() as session:
        accepted = await _accept(session, receipt, "submission")
        if accepted.fresh:
            await submissions.create(session, id=receipt.entity_id, form=form, email=email, text=text)
    return accepted


async def take_candidate(
    database: Database,
    receipt: Receipt,
    *,
    name: str,
    email: str,
    phone: str,
    position: str,
    cv_text: str,
) -> Accepted:
    """Store a candidate and the outbox entry that starts the hiring process, or return the answer given before.

    Raises:
        BodyMismatchError: the webhook's id came before with another body.
        DatabaseUnavailableError: nothing is known to be stored.
    """
    target = hiring_target(receipt.entity_id)
    payload = {"candidate_id": str(receipt.entity_id)}
    if not database.is_sqlite:
        texts = [clean_text(value) for value in (name, email, phone, position, cv_text)]
        values = [*_receipt_values(receipt), *texts, new_id(), target, json.dumps(payload), tracing.traceparent()]
        if await _run(database, _CANDIDATE, values):
            return _fresh(receipt, "candidate")
    async with database.session() as session:
        accepted = await _accept(session, receipt, "candidate")
        if accepted.fresh:
            await candidates.create(
                session,
                id=receipt.entity_id,
                name=name,
                email=email,
                phone=phone,
                position=position,
                cv_text=cv_text,
            )
            await outbox.add(
                session,
                kind="start",
                target=target,
                payload=payload,
                entity_type="candidate",
                entity_id=receipt.entity_id,
                dedupe_key=target,
            )
    return accepted


def _fresh(receipt: Receipt, entity_type: str) -> Accepted:
    return Accepted(True, 202, dict(receipt.answer), receipt.location, entity_type, receipt.entity_id)


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


def _receipt_values(receipt: Receipt) -> list[Any]:
    return [
        new_id(),
        receipt.source,
        receipt.webhook_id,
        hashlib.sha256(receipt.body).hexdigest(),
        json.dumps(receipt.answer),
        receipt.location,
        receipt.entity_id,
        utc_now(),
        new_id(),
        json.dumps(receipt.detail),
    ]


async def _run(database: Database, statement: str, values: Sequence[Any]) -> bool:
    """Run the one statement on the driver's own connection; False when the webhook had been taken before."""
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
    except asyncpg.InterfaceError as error:
        raise DatabaseUnavailableError("The database is not available: the connection was lost.") from error
    except Exception as error:
        if reason := why_unavailable(error):
            raise DatabaseUnavailableError(f"The database is not available: {reason}.") from error
        raise
