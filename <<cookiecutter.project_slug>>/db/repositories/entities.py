"""Entities of any type: made, found, listed, their status set. What only one type has stands in a module of its own."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, defer

from db.base import Entity, EntityRow
from db.entities import entity_type, type_of
from db.repositories.paging import Page, page_of
from db.types import new_id, utc_now

RowT = TypeVar("RowT", bound=EntityRow)


async def add(session: AsyncSession, row: RowT) -> RowT:
    """Add an entity, with an id if it has none."""
    row.id = row.id or new_id()
    session.add_all([Entity(id=row.id, type=type_of(type(row)).name), row])
    await session.flush()
    return row


async def exists(session: AsyncSession, kind: str, id: uuid.UUID) -> bool:  # noqa: A002
    """Whether there is an entity of this type and id; reads no text."""
    return await status_of(session, kind, id) is not None


async def status_of(session: AsyncSession, kind: str, id: uuid.UUID) -> str | None:  # noqa: A002
    """Return the entity's status, None if there is no such entity; reads no text."""
    model = entity_type(kind).model
    return await session.scalar(select(model.status).where(model.id == id))


async def list_page(
    session: AsyncSession,
    model: type[RowT],
    *,
    status: str | None = None,
    where: Sequence[ColumnElement[bool]] = (),
    without: Sequence[InstrumentedAttribute[str]] = (),
    cursor: str | None = None,
    limit: int = 50,
) -> Page[RowT]:
    """Return one page, newest first.

    Args:
        session: the caller's.
        model: of the type.
        status: only rows with this status.
        where: further conditions.
        without: columns of long texts, which are left out (reading one of such a row raises).
        cursor: of the page before; None for the first page.
        limit: rows of a page.

    Raises:
        CursorError: no page gave the cursor out.
    """
    query = select(model).options(*(defer(column, raiseload=True) for column in without)).where(*where)
    if status is not None:
        query = query.where(model.status == status)
    return await page_of(session, query, model.id, cursor=cursor, limit=limit)


async def set_status(
    session: AsyncSession,
    kind: str,
    id: uuid.UUID,  # noqa: A002
    status: str,
    *,
    result: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> bool:
    """Set the status, and the result if one is given; False if there is no such entity or its status is final.

    Setting a final status again is True and changes nothing but the result, so that a repeated call is harmless.
    """
    found = entity_type(kind)
    model = found.model
    values: dict[str, Any] = {"status": status, "updated_at": now or utc_now()}
    if result is not None:
        values["result"] = dict(result)
    is_open = model.status.not_in([final for final in found.final if final != status])
    written = await session.scalar(
        update(model)
        .where(model.id == id, is_open)
        .values(**values)
        .returning(model.id)
        .execution_options(synchronize_session="fetch")
    )
    return written is not None


async def set_result_part(
    session: AsyncSession,
    kind: str,
    id: uuid.UUID,  # noqa: A002
    name: str,
    value: Any,
    *,
    now: datetime | None = None,
) -> bool:
    """Set one key of the entity's result and leave the others; False if there is no such entity.

    Safe against others who set other keys at the same moment: the row is locked from the reading to the commit. The
    value is small JSON, since the whole result is written each time and shown with the entity.
    """
    model = entity_type(kind).model
    row = (await session.execute(select(model.result).where(model.id == id).with_for_update())).one_or_none()
    if row is None:
        return False
    await session.execute(
        update(model)
        .where(model.id == id)
        .values(result={**(row.result or {}), name: value}, updated_at=now or utc_now())
        .execution_options(synchronize_session="fetch")
    )
    return True


async def erase(session: AsyncSession, id: uuid.UUID) -> bool:  # noqa: A002
    """Remove an entity with all that is kept about it; False if there is none.

    Only the receipts of its messages stay, so that a late copy of one does not bring it back.
    """
    gone = await session.scalar(
        delete(Entity).where(Entity.id == id).returning(Entity.id).execution_options(synchronize_session=False)
    )
    return gone is not None
