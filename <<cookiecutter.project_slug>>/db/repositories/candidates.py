"""Candidates and their status."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from db.models import CANDIDATE_FINAL, Candidate
from db.repositories.paging import Page, page_of
from db.types import new_id, utc_now


async def create(
    session: AsyncSession,
    *,
    name: str,
    email: str,
    phone: str,
    position: str,
    cv_text: str,
    id: uuid.UUID | None = None,  # noqa: A002
    now: datetime | None = None,
) -> Candidate:
    """Add a candidate with the status `received`."""
    now = now or utc_now()
    row = Candidate(
        id=id or new_id(),
        name=name,
        email=email,
        phone=phone,
        position=position,
        cv_text=cv_text,
        status="received",
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def get(session: AsyncSession, id: uuid.UUID) -> Candidate | None:  # noqa: A002
    """Return one candidate, or None."""
    return await session.get(Candidate, id)


async def exists(session: AsyncSession, id: uuid.UUID) -> bool:  # noqa: A002
    """Whether there is a candidate of this id; reads no text."""
    return await session.scalar(select(Candidate.id).where(Candidate.id == id)) is not None


async def status_of(session: AsyncSession, id: uuid.UUID) -> str | None:  # noqa: A002
    """Return the candidate's status, None if there is no such candidate; reads no text."""
    return await session.scalar(select(Candidate.status).where(Candidate.id == id))


async def list_page(
    session: AsyncSession,
    *,
    status: str | None = None,
    position: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Candidate]:
    """Return one page, newest first, without the CVs (reading `.cv_text` of such a row raises).

    Raises:
        CursorError: no page gave the cursor out.
    """
    query = select(Candidate).options(defer(Candidate.cv_text, raiseload=True))
    if status is not None:
        query = query.where(Candidate.status == status)
    if position is not None:
        query = query.where(Candidate.position == position)
    return await page_of(session, query, Candidate.id, cursor=cursor, limit=limit)


async def set_status(
    session: AsyncSession,
    id: uuid.UUID,  # noqa: A002
    status: str,
    *,
    result: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> bool:
    """Set the status, and the result if one is given; False if there is no such candidate or its status is final.

    Setting a final status again is True and changes nothing but the result, so that a repeated call is harmless.
    """
    values: dict[str, Any] = {"status": status, "updated_at": now or utc_now()}
    if result is not None:
        values["result"] = dict(result)
    is_open = Candidate.status.not_in([final for final in CANDIDATE_FINAL if final != status])
    written = await session.scalar(
        update(Candidate)
        .where(Candidate.id == id, is_open)
        .values(**values)
        .returning(Candidate.id)
        .execution_options(synchronize_session="fetch")
    )
    return written is not None


async def set_result_part(
    session: AsyncSession,
    id: uuid.UUID,  # noqa: A002
    name: str,
    value: Any,
    *,
    now: datetime | None = None,
) -> bool:
    """Set one key of the candidate's result and leave the others; False if there is no such candidate.

    Safe against others who set other keys at the same moment: the row is locked from the reading to the commit. The
    value is small JSON, since the whole result is written each time and shown with the candidate.
    """
    row = (await session.execute(select(Candidate.result).where(Candidate.id == id).with_for_update())).one_or_none()
    if row is None:
        return False
    await session.execute(
        update(Candidate)
        .where(Candidate.id == id)
        .values(result={**(row.result or {}), name: value}, updated_at=now or utc_now())
        .execution_options(synchronize_session="fetch")
    )
    return True
