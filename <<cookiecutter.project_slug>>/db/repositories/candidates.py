"""Candidates."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from db.entities.candidate import Candidate
from db.repositories import entities
from db.repositories.paging import Page
from db.types import new_id, utc_now


def make(
    *,
    name: str,
    email: str,
    phone: str,
    position: str,
    cv_text: str,
    id: uuid.UUID | None = None,  # noqa: A002
    now: datetime | None = None,
) -> Candidate:
    """Return a candidate with the status `received`, not stored yet."""
    now = now or utc_now()
    return Candidate(
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
    row = make(name=name, email=email, phone=phone, position=position, cv_text=cv_text, id=id, now=now)
    return await entities.add(session, row)


async def get(session: AsyncSession, id: uuid.UUID) -> Candidate | None:  # noqa: A002
    """Return one candidate, or None."""
    return await session.get(Candidate, id)


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
    return await entities.list_page(
        session,
        Candidate,
        status=status,
        where=[] if position is None else [Candidate.position == position],
        without=[Candidate.cv_text],
        cursor=cursor,
        limit=limit,
    )
