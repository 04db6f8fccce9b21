"""Candidates: a list, one with its timeline, a person's decision, and a candidate's withdrawal."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from api.bodies import JSON, media_type, parse_json
from api.context import Context, context_of
from api.events import take_event
from api.openapi import json_body
from api.problems import Problem, responses
from api.routes.paging import Cursor, Limit, bad_cursor
from api.routes.webhooks import answer
from api.security import CanRead, CanWrite
from api.views import Accepted, CandidateOut, CandidatePage, CandidateSummary, TimelineItem
from db.models import Candidate
from db.repositories import candidates, timeline
from db.repositories.paging import CursorError
from db.types import new_id
from logs import entity_id_var
from workflows.events import decision_event, withdrawal_event
from workflows.inputs import DecisionIn, WithdrawalIn

router = APIRouter(prefix="/candidates", tags=["candidates"])

IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=100, description="The same key again gets the same answer, and acts once."),
]
Status = Literal["received", "in_progress", "completed", "rejected", "expired", "no_show", "withdrawn", "failed"]


@router.get("", responses=responses(401, 403, 422))
async def list_candidates(
    request: Request,
    _: CanRead,
    status: Annotated[Status | None, Query(description="Only candidates with this status.")] = None,
    position: Annotated[str | None, Query(max_length=200, description="Only candidates for this position.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CandidatePage:
    """List candidates, newest first."""
    context = context_of(request)
    async with context.database.session(read_only=True) as session:
        try:
            page = await candidates.list_page(session, status=status, position=position, cursor=cursor, limit=limit)
        except CursorError as error:
            raise bad_cursor(error) from None
        items = [CandidateSummary.model_validate(_summary(context, row)) for row in page.items]
    return CandidatePage(items=items, next_cursor=page.next_cursor)


@router.get("/{id}", responses=responses(401, 403, 404, 422))
async def get_candidate(request: Request, _: CanRead, id: uuid.UUID) -> CandidateOut:  # noqa: A002
    """Show one candidate: status, result, and what happened so far."""
    entity_id_var.set(str(id))
    context = context_of(request)
    async with context.database.session(read_only=True) as session:
        row = await candidates.get(session, id)
        if row is None:
            raise Problem(404, "not-found", "There is no candidate with this id.")
        events = await timeline.list_for(session, "candidate", id)
    return CandidateOut.model_validate(
        {
            **_summary(context, row),
            "phone": row.phone,
            "result": row.result,
            "timeline": [TimelineItem(at=e.at, event=e.event, detail=e.detail or {}) for e in events],
        }
    )


@router.post(
    "/{id}/decision",
    status_code=202,
    response_model=Accepted,
    responses=responses(401, 403, 404, 409, 413, 415, 422),
    openapi_extra=json_body(DecisionIn),
)
async def decide(
    request: Request,
    principal: CanWrite,
    id: uuid.UUID,  # noqa: A002
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Take a person's decision on a candidate and pass it to the hiring process."""
    media_type(request, (JSON,))
    body = await request.body()
    given = parse_json(DecisionIn, body)
    event = decision_event(id, idempotency_key or str(new_id()), body, given, principal.name)
    context = context_of(request)
    return answer(context, event.source, await take_event(context, event))


@router.post(
    "/{id}/withdrawal",
    status_code=202,
    response_model=Accepted,
    responses=responses(401, 403, 404, 409, 413, 415, 422),
    openapi_extra=json_body(WithdrawalIn),
)
async def withdraw(
    request: Request,
    principal: CanWrite,
    id: uuid.UUID,  # noqa: A002
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Take a candidate out of the hiring process, which ends: what it had arranged is called off."""
    media_type(request, (JSON,))
    body = await request.body()
    given = parse_json(WithdrawalIn, body)
    event = withdrawal_event(id, idempotency_key or str(new_id()), body, given, principal.name)
    context = context_of(request)
    return answer(context, event.source, await take_event(context, event))


def _summary(context: Context, row: Candidate) -> dict[str, object]:
    return {
        "id": row.id,
        "status": row.status,
        "name": row.name,
        "email": row.email,
        "position": row.position,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "url": context.url(f"/candidates/{row.id}"),
    }
