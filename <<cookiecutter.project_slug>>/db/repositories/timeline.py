"""What happened to an entity, in order."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.dialects import insert
from db.models import TimelineEvent
from db.types import new_id, utc_now

# Ids of events that have a key are made from it, below this one.
_KEYS = uuid.UUID("0190163d-8694-739b-aea5-966c26f8ad91")


async def add(
    session: AsyncSession,
    entity_type: str,
    entity_id: uuid.UUID,
    event: str,
    detail: Mapping[str, Any] | None = None,
    *,
    at: datetime | None = None,
) -> None:
    """Add an event such as "received"; `detail` is shown to whoever may read the entity: no text, no secrets."""
    session.add(
        TimelineEvent(
            id=new_id(),
            entity_type=entity_type,
            entity_id=entity_id,
            at=at or utc_now(),
            event=event,
            detail=None if detail is None else dict(detail),
        )
    )


async def add_once(
    session: AsyncSession,
    entity_type: str,
    entity_id: uuid.UUID,
    event: str,
    detail: Mapping[str, Any] | None = None,
    *,
    key: str,
    at: datetime | None = None,
) -> bool:
    """Add an event as `add` does, unless the entity has one with this key already; whether it was added.

    Of two transactions at the same moment one adds it; the other waits for that one's end. What else is written in
    the same transaction, and only where this is True, is therefore written once too.
    """
    added = await session.scalar(
        insert(session, TimelineEvent)
        .values(
            id=uuid.uuid5(_KEYS, f"{entity_type}:{entity_id}:{key}"),
            entity_type=entity_type,
            entity_id=entity_id,
            at=at or utc_now(),
            event=event,
            detail=None if detail is None else dict(detail),
        )
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(TimelineEvent.id)
    )
    return added is not None


async def list_for(session: AsyncSession, entity_id: uuid.UUID, *, limit: int = 500) -> list[TimelineEvent]:
    """Return the entity's events, oldest first, at most `limit` of them (the newest)."""
    newest = await session.scalars(
        select(TimelineEvent)
        .where(TimelineEvent.belongs_to(entity_id))
        .order_by(TimelineEvent.at.desc(), TimelineEvent.id.desc())
        .limit(limit)
    )
    return list(newest)[::-1]
