"""The outbox, for administrators: what waits, what was parked and why, and another chance for it."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from api.context import context_of
from api.problems import Problem, responses
from api.routes.paging import Cursor, Limit, bad_cursor
from api.security import CanAdmin
from api.views import OutboxItem, OutboxPage
from db.models import OutboxEntry
from db.repositories import outbox, timeline
from db.repositories.paging import CursorError

router = APIRouter(prefix="/outbox", tags=["outbox"])


@router.get("", responses=responses(401, 403, 422))
async def list_entries(
    request: Request,
    _: CanAdmin,
    status: Annotated[
        Literal["pending", "delivered", "parked"] | None, Query(description="Only entries with this status.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> OutboxPage:
    """List entries, newest first."""
    async with context_of(request).database.session(read_only=True) as session:
        try:
            page = await outbox.list_page(session, status=status, cursor=cursor, limit=limit)
        except CursorError as error:
            raise bad_cursor(error) from None
        return OutboxPage(items=[_item(row) for row in page.items], next_cursor=page.next_cursor)


@router.post("/{id}/retry", responses=responses(401, 403, 404, 409, 422))
async def retry(request: Request, principal: CanAdmin, id: uuid.UUID) -> OutboxItem:  # noqa: A002
    """Give a parked entry its attempts back and try it at once."""
    context = context_of(request)
    async with context.database.session() as session:
        if not await outbox.requeue(session, id):
            entry = await session.get(OutboxEntry, id)
            if entry is None:
                raise Problem(404, "not-found", "There is no outbox entry with this id.")
            raise Problem(409, "not-parked", f"The entry is not parked: it is {entry.status}.")
        entry = await session.get_one(OutboxEntry, id)
        detail = {"kind": entry.kind, "target": entry.target, "by": principal.name}
        await timeline.add(session, entry.entity_type, entry.entity_id, "requeued", detail)
        item = _item(entry)
    context.dispatcher.wake()
    return item


def _item(row: OutboxEntry) -> OutboxItem:
    return OutboxItem.model_validate(row, from_attributes=True)
