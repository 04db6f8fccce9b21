"""The ledger of effects: each idempotency key is begun once, whatever is retried."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.dialects import insert
from db.models import Effect
from db.types import utc_now


@dataclass(frozen=True, slots=True)
class Begun:
    """`fresh`: do the effect now. Else `status` says what became of it: done, or not known (started, unknown).

    `updated_at` is when it was last begun or recorded; `taken`: it was not known, and is this caller's now.
    """

    fresh: bool
    status: str
    detail: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    taken: bool = False


async def begin(
    session: AsyncSession,
    key: str,
    kind: str,
    entity_type: str | None,
    entity_id: uuid.UUID | None,
    now: datetime | None = None,
    *,
    longest: timedelta | None = None,
) -> Begun:
    """Claim an idempotency key before its effect; of two callers at once, one gets `fresh`.

    An effect of no entity (a report's mail) gives None for both its type and id.

    With `longest`, the time that doing it takes at most, a claim whose outcome is not known is taken over by one caller
    (`taken`): at once if that is on record (unknown), else (started) once the first one cannot be at it any more.

    Commit before doing the effect. If the process ends between the two, the key stays `started`: whether the effect
    happened is not known, and the caller decides by asking the other side, or by not repeating what costs money.
    """
    now = now or utc_now()
    inserted = await session.scalar(
        insert(session, Effect)
        .values(
            key=key,
            kind=kind,
            entity_type=entity_type,
            entity_id=entity_id,
            status="started",
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Effect.key)
    )
    if inserted is not None:
        return Begun(True, "started", None, now, now)
    if longest is not None and (taken := await _take_over(session, key, now, longest)) is not None:
        return taken
    found = await get(session, key)
    assert found is not None
    return found


async def get(session: AsyncSession, key: str) -> Begun | None:
    """Return what is known of an effect; None if it was never begun."""
    row = await session.scalar(select(Effect).where(Effect.key == key))
    return None if row is None else Begun(False, row.status, row.detail, row.created_at, row.updated_at)


async def done(session: AsyncSession, kind: str, entity_id: uuid.UUID) -> list[dict[str, Any]]:
    """Return what is remembered of an entity's effects of a kind that are done."""
    rows = await session.scalars(
        select(Effect).where(Effect.belongs_to(entity_id), Effect.kind == kind, Effect.status == "done")
    )
    return [row.detail or {} for row in rows]


async def _take_over(session: AsyncSession, key: str, now: datetime, longest: timedelta) -> Begun | None:
    is_free = or_(Effect.status == "unknown", and_(Effect.status == "started", Effect.updated_at <= now - longest))
    row = await session.scalar(
        update(Effect)
        .where(Effect.key == key, is_free)
        .values(status="started", updated_at=now)
        .returning(Effect)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return None if row is None else Begun(False, "started", row.detail, row.created_at, now, taken=True)


async def release(session: AsyncSession, key: str) -> bool:
    """Take back a claim whose effect surely did not happen, so that the next try is the first; False if it is done."""
    gone = await session.scalar(
        delete(Effect)
        .where(Effect.key == key, Effect.status != "done")
        .returning(Effect.key)
        .execution_options(synchronize_session=False)
    )
    return gone is not None


async def finish(
    session: AsyncSession,
    key: str,
    status: Literal["done", "unknown"] = "done",
    detail: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> bool:
    """Record what became of an effect; False if the key was never begun or is done already."""
    written = await session.scalar(
        update(Effect)
        .where(Effect.key == key, Effect.status != "done")
        .values(status=status, detail=None if detail is None else dict(detail), updated_at=now or utc_now())
        .returning(Effect.key)
        .execution_options(synchronize_session=False)
    )
    return written is not None
