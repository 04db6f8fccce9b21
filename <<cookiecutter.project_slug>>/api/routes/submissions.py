"""Submissions: a list, and one with its result and timeline."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from api.context import context_of
from api.entities import summary_of, timeline_of, unknown
from api.problems import responses
from api.routes.paging import Cursor, Limit, bad_cursor
from api.security import CanRead
from api.views import SubmissionOut, SubmissionPage, SubmissionSummary
from db.repositories import submissions
from db.repositories.paging import CursorError
from logs import entity_id_var

router = APIRouter(prefix="/submissions", tags=["submissions"])

_SHOWN = ("form", "email", "attempts")
Status = Literal["pending", "running", "complete", "failed"]


@router.get("", responses=responses(401, 403, 422))
async def list_submissions(
    request: Request,
    _: CanRead,
    status: Annotated[Status | None, Query(description="Only submissions with this status.")] = None,
    form: Annotated[str | None, Query(max_length=100, description="Only submissions of this form.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> SubmissionPage:
    """List submissions, newest first."""
    context = context_of(request)
    async with context.database.session(read_only=True) as session:
        try:
            page = await submissions.list_page(session, status=status, form=form, cursor=cursor, limit=limit)
        except CursorError as error:
            raise bad_cursor(error) from None
        items = [SubmissionSummary.model_validate(summary_of(context, row, *_SHOWN)) for row in page.items]
    return SubmissionPage(items=items, next_cursor=page.next_cursor)


@router.get("/{id}", responses=responses(401, 403, 404, 422))
async def get_submission(request: Request, _: CanRead, id: uuid.UUID) -> SubmissionOut:  # noqa: A002
    """Show one submission: status, result, and what happened so far."""
    entity_id_var.set(str(id))
    context = context_of(request)
    async with context.database.session(read_only=True) as session:
        row = await submissions.get(session, id)
        if row is None:
            raise unknown("submission")
        happened = await timeline_of(session, id)
    return SubmissionOut.model_validate(
        {
            **summary_of(context, row, *_SHOWN),
            "text": row.text,
            "result": row.result,
            "error": row.error,
            "timeline": happened,
        }
    )
