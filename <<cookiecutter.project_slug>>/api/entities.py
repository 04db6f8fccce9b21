"""Entities as routes show them."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Header
from sqlalchemy.ext.asyncio import AsyncSession

from api.context import Context
from api.problems import Problem
from api.views import TimelineItem
from db.base import EntityRow
from db.entities import type_of
from db.repositories import timeline

IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=100, description="The same key again gets the same answer, and acts once."),
]
"""The key of a request that a person makes."""


def summary_of(context: Context, row: EntityRow, *columns: str) -> dict[str, object]:
    """Return what lists show of a row: id, status, times, URL, and these columns."""
    return {
        "id": row.id,
        "status": row.status,
        **{name: getattr(row, name) for name in columns},
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "url": context.url(f"/{type_of(type(row)).plural}/{row.id}"),
    }


async def timeline_of(session: AsyncSession, id: uuid.UUID) -> list[TimelineItem]:  # noqa: A002
    """Return what happened to an entity so far."""
    events = await timeline.list_for(session, id)
    return [TimelineItem(at=event.at, event=event.event, detail=event.detail or {}) for event in events]


def unknown(kind: str) -> Problem:
    """Return the 404 for an id that no entity of this type has."""
    return Problem(404, "not-found", f"There is no {kind} with this id.")
