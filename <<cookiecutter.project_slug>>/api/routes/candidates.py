"""Candidates: a list, one with its timeline, a person's decision, and a candidate's withdrawal."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.bodies import JSON, media_type, parse_json
from api.context import context_of
from api.entities import IdempotencyKey, summary_of, timeline_of, unknown
from api.events import take_event
from api.hiring_views import CandidateOut, CandidatePage, CandidateStatus, CandidateSummary
from api.intake import answer
from api.openapi import json_body
from api.problems import responses
from api.routes.paging import Cursor, Limit, bad_cursor
from api.security import CanRead, CanWrite
from api.views import Accepted
from db.repositories import candidates
from db.repositories.paging import CursorError
from db.types import new_id
from logs import entity_id_var
from workflows.hiring_events import decision_event, withdrawal_event
from workflows.hiring_inputs import DecisionIn, WithdrawalIn

router = APIRouter(prefix="/candidates", tags=["candidates"])

_SHOWN = ("name", "email", "position")


@router.get("", responses=responses(401, 403, 422))
async def list_candidates(
    request: Request,
    _: CanRead,
    status: Annotated[CandidateStatus | None, Query(description="Only candidates with this status.")] = None,
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
        items = [CandidateSummary.model_validate(summary_of(context, row, *_SHOWN)) for row in page.items]
    return CandidatePage(items=items, next_cursor=page.next_cursor)


@router.get("/{id}", responses=responses(401, 403, 404, 422))
async def get_candidate(request: Request, _: CanRead, id: uuid.UUID) -> CandidateOut:  # noqa: A002
    """Show one candidate: status, result, and what happened so far."""
    entity_id_var.set(str(id))
    context = context_of(request)
    async with context.database.session(read_only=True) as session:
        row = await candidates.get(session, id)
        if row is None:
            raise unknown("candidate")
        happened = await timeline_of(session, id)
    return CandidateOut.model_validate(
        {
            **summary_of(context, row, *_SHOWN),
            "phone": row.phone,
            "result": row.result,
            "timeline": happened,
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
