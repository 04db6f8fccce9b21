"""Cursor pagination by id: UUIDv7 ids sort by the time they were made, so new rows never move a page."""

from __future__ import annotations

import base64
import binascii
import uuid
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

MAX_LIMIT = 200

_RowT = TypeVar("_RowT")


class CursorError(ValueError):
    """A cursor that no page gave out."""


@dataclass(frozen=True, slots=True)
class Page(Generic[_RowT]):
    """Rows, newest first, and the cursor of the next page; None at the end."""

    items: list[_RowT]
    next_cursor: str | None


def encode_cursor(last: uuid.UUID) -> str:
    """Return the cursor that goes on after this id."""
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def decode_cursor(cursor: str) -> uuid.UUID:
    """Return the id a cursor goes on after.

    Raises:
        CursorError: no page gave it out.
    """
    try:
        last = uuid.UUID(bytes=base64.b64decode(cursor + "==", altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise CursorError("The cursor is not one that a page of this list gave out.") from None
    if encode_cursor(last) != cursor:
        raise CursorError("The cursor is not one that a page of this list gave out.")
    return last


async def page_of(
    session: AsyncSession, query: Select[_RowT], key: Any, *, cursor: str | None, limit: int
) -> Page[_RowT]:
    """Return one page of the query's rows, newest first.

    Args:
        session: the caller's.
        query: the rows, without order.
        key: the id column of the rows' model.
        cursor: of the page before; None for the first page.
        limit: rows of a page, 1 to MAX_LIMIT; others are brought into that range.

    Raises:
        CursorError: no page gave the cursor out.
    """
    limit = max(1, min(limit, MAX_LIMIT))
    if cursor is not None:
        query = query.where(key < decode_cursor(cursor))
    rows = list((await session.scalars(query.order_by(key.desc()).limit(limit + 1))).all())
    more = len(rows) > limit
    items = rows[:limit]
    return Page(items, encode_cursor(getattr(items[-1], key.key)) if more else None)
