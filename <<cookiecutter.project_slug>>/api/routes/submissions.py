"""Submissions: a list, and one with its result and timeline."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from api.context import Context, context_of
from api.problems import Problem, responses
from api.routes.paging import Cursor, Limit, bad_cursor
from api.security import CanRead
from api.views import SubmissionOut, SubmissionPage, SubmissionSummary, TimelineItem
from db.models import Submission
from db.repositories import submissions, timeline
from db.repositories.paging import CursorError
from logs import entity_id_var

router = APIRouter(prefix="/submissions", tags=["submissions"])

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
        items = [SubmissionSummary.model_validate(_summary(context, row)) for row in page.items]
    return SubmissionPage(items=items, next_cursor=page.next_cursor)


@router.get("/{id}", responses=responses(401, 403, 404, 422))
async def get_submission(request: Request, _: CanRead, id: uuid.UUID) -> SubmissionOut:  # noqa: A002
    """Show one submission: status, result, and what happened so far."""
    entity_id_var.set(str(id))
    context = context_of(request)
    async with context.database.session(read_only=True) as session:
        row = await submissions.get(session, id)
        if row is None:
            raise Problem(404, "not-found", "There is no submission with this id.")
        events = await timeline.list_for(session, "submission", id)
    return SubmissionOut.model_validate(
        {
            **_summary(context, row),
            "text": row.text,
            "result": row.result,
            "error": row.error,
            "timeline": [TimelineItem(at=e.at, event=e.event, detail=e.detail or {}) for e in events],
        }
    )


def _summary(context: Context, row: Submission) -> dict[str, object]:
    return {
        "id": row.id,
        "status": row.status,
        "form": row.form,
        "email": row.email,
        "attempts": row.attempts,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "url": context.url(f"/submissions/{row.id}"),
    }
