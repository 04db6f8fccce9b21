"""What is still to be told to others: at least once, in order within a target, poison parked and visible.

An entry of a target is leased only when every earlier entry of that target was delivered. A parked entry therefore
holds up the later ones of its target, and no other target, until `requeue` gives it another chance.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

import tracing
from db.dialects import insert
from db.models import OutboxEntry
from db.repositories.paging import Page, page_of
from db.types import new_id, utc_now


@dataclass(frozen=True, slots=True)
class OutboxLease:
    """An entry that belongs to `owner` until `until`; `attempt` (1, 2, ...) tells this lease from earlier ones."""

    id: uuid.UUID
    kind: str
    target: str
    position: int
    payload: dict[str, Any]
    entity_type: str
    entity_id: uuid.UUID
    dedupe_key: str
    owner: str
    attempt: int
    until: datetime
    created_at: datetime
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class OutboxDepth:
    """How many entries wait, how many are parked, and the age of the oldest waiting one in seconds (0 if none)."""

    pending: int
    parked: int
    oldest_seconds: float


async def add(
    session: AsyncSession,
    *,
    kind: str,
    target: str,
    payload: Mapping[str, Any],
    entity_type: str,
    entity_id: uuid.UUID,
    dedupe_key: str,
    now: datetime | None = None,
) -> bool:
    """Add an entry as the last of its target, due at once; False if one with this dedupe key is there already.

    Args:
        session: a writing one.
        kind: "start" or "signal".
        target: id of the Temporal workflow: its process, a hyphen, and the id of the entity.
        payload: ids and times only, never a person's text.
        entity_type: its type, such as "submission".
        entity_id: what it is about.
        dedupe_key: same key, same entry.
        now: when it was made and is due.
    """
    now = now or utc_now()
    earlier = aliased(OutboxEntry)
    last = select(func.coalesce(func.max(earlier.position), 0)).where(earlier.target == target).scalar_subquery()
    while True:
        added = await session.scalar(
            insert(session, OutboxEntry)
            .values(
                id=new_id(),
                kind=kind,
                target=target,
                position=last + 1,
                payload=dict(payload),
                entity_type=entity_type,
                entity_id=entity_id,
                dedupe_key=dedupe_key,
                traceparent=tracing.traceparent(),
                status="pending",
                attempts=0,
                next_attempt_at=now,
                created_at=now,
            )
            .on_conflict_do_nothing()
            .returning(OutboxEntry.id)
        )
        if added is not None:
            return True
        if await session.scalar(select(OutboxEntry.id).where(OutboxEntry.dedupe_key == dedupe_key)) is not None:
            return False
        # Another transaction took this position and has been committed since: the next one is seen now.


async def lease_batch(
    session: AsyncSession,
    owner: str,
    limit: int,
    lease_seconds: float,
    now: datetime | None = None,
    *,
    made_before: datetime | None = None,
    only: str | None = None,
) -> list[OutboxLease]:
    """Lease up to `limit` due entries to `owner`, the longest due first, never two of one target at a time.

    With `made_before`, only entries that were made by then; with `only`, only those of this target.
    """
    now = now or utc_now()
    until = now + timedelta(seconds=lease_seconds)
    earlier = aliased(OutboxEntry)
    held_up = (
        select(earlier.id)
        .where(
            earlier.target == OutboxEntry.target,
            earlier.position < OutboxEntry.position,
            earlier.status != "delivered",
        )
        .exists()
    )
    wanted = [OutboxEntry.next_attempt_at <= now, ~held_up]
    if made_before is not None:
        wanted.append(OutboxEntry.created_at <= made_before)
    if only is not None:
        wanted.append(OutboxEntry.target == only)
    due = (
        select(OutboxEntry.id)
        .where(*wanted)
        .order_by(OutboxEntry.next_attempt_at, OutboxEntry.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    rows = await session.scalars(
        update(OutboxEntry)
        .where(OutboxEntry.id.in_(select(due.c.id)))
        .values(attempts=OutboxEntry.attempts + 1, lease_owner=owner, lease_until=until, next_attempt_at=until)
        .returning(OutboxEntry)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    leases = [
        OutboxLease(
            row.id,
            row.kind,
            row.target,
            row.position,
            row.payload,
            row.entity_type,
            row.entity_id,
            row.dedupe_key,
            owner,
            row.attempts,
            until,
            row.created_at,
            row.traceparent,
        )
        for row in rows
    ]
    return sorted(leases, key=lambda lease: (lease.created_at, lease.id))


async def _write(session: AsyncSession, lease: OutboxLease, values: Mapping[str, Any]) -> bool:
    held = and_(
        OutboxEntry.id == lease.id,
        OutboxEntry.status == "pending",
        OutboxEntry.lease_owner == lease.owner,
        OutboxEntry.attempts == lease.attempt,
    )
    written = await session.scalar(
        update(OutboxEntry)
        .where(held)
        .values(lease_owner=None, lease_until=None, **values)
        .returning(OutboxEntry.id)
        .execution_options(synchronize_session=False)
    )
    return written is not None


async def delivered(session: AsyncSession, lease: OutboxLease, now: datetime | None = None) -> bool:
    """Record that it arrived; False, and nothing written, if the lease was lost (then it is delivered again)."""
    return await _write(
        session,
        lease,
        {"status": "delivered", "delivered_at": now or utc_now(), "next_attempt_at": None, "last_error": None},
    )


async def retry_later(session: AsyncSession, lease: OutboxLease, error: str, at: datetime) -> bool:
    """Record a failure and try again at `at` (see `backoff.pause_after`); False if the lease was lost."""
    return await _write(session, lease, {"next_attempt_at": at, "last_error": error})


async def park(session: AsyncSession, lease: OutboxLease, error: str) -> bool:
    """Give up on an entry, and so on the later ones of its target, until `requeue`; False if the lease was lost."""
    return await _write(session, lease, {"status": "parked", "next_attempt_at": None, "last_error": error})


async def list_page(
    session: AsyncSession, *, status: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[OutboxEntry]:
    """Return one page, newest first.

    Raises:
        CursorError: no page gave the cursor out.
    """
    query = select(OutboxEntry)
    if status is not None:
        query = query.where(OutboxEntry.status == status)
    return await page_of(session, query, OutboxEntry.id, cursor=cursor, limit=limit)


async def list_parked(session: AsyncSession, *, limit: int = 100) -> list[OutboxEntry]:
    """Return parked entries, oldest first."""
    rows = await session.scalars(
        select(OutboxEntry)
        .where(OutboxEntry.status == literal_column("'parked'"))
        .order_by(OutboxEntry.id)
        .limit(limit)
    )
    return list(rows)


async def list_waiting(session: AsyncSession, target: str) -> list[OutboxEntry]:
    """Return what a target has not got yet, parked entries too, in the order in which it goes out."""
    rows = await session.scalars(
        select(OutboxEntry)
        .where(OutboxEntry.target == target, OutboxEntry.status != "delivered")
        .order_by(OutboxEntry.position)
    )
    return list(rows)


async def requeue(session: AsyncSession, id: uuid.UUID, now: datetime | None = None) -> bool:  # noqa: A002
    """Give a parked entry its attempts back, due at once; False if it is not parked."""
    written = await session.scalar(
        update(OutboxEntry)
        .where(OutboxEntry.id == id, OutboxEntry.status == "parked")
        .values(status="pending", attempts=0, next_attempt_at=now or utc_now())
        .returning(OutboxEntry.id)
        .execution_options(synchronize_session=False)
    )
    return written is not None


async def depth_and_age(session: AsyncSession, now: datetime | None = None) -> OutboxDepth:
    """Return the figures for the metrics; reads only the two partial indexes and the waiting rows."""
    now = now or utc_now()
    waiting = select(func.count(), func.min(OutboxEntry.created_at)).where(OutboxEntry.next_attempt_at.is_not(None))
    pending, oldest = (await session.execute(waiting)).one()
    parked = await session.scalar(
        select(func.count()).select_from(OutboxEntry).where(OutboxEntry.status == literal_column("'parked'"))
    )
    age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return OutboxDepth(pending, parked or 0, age)
