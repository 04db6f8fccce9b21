"""The webhooks of the hiring process."""

from __future__ import annotations

import json
import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.bodies import FORM, JSON, media_type, parse_form, parse_json
from api.context import context_of
from api.events import take_event
from api.intake import answer, signed, take_start
from api.openapi import signed_body
from api.problems import invalid, responses
from api.routes.call_script import is_machine, needs_candidate
from api.views import Accepted
from workflows.hiring_events import CALL_COMPLETED, TWILIO, calendar_event, call_event
from workflows.hiring_inputs import CalendarIn, CallCompletedIn, CandidateIn
from workflows.temporal.processes.hiring import PROCESS

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

_ERRORS = responses(401, 409, 413, 415, 422)
_ERRORS_OF_CANDIDATE = responses(401, 404, 409, 413, 415, 422)


@router.post(
    "/cv-submission",
    status_code=202,
    response_model=Accepted,
    responses=_ERRORS,
    openapi_extra=signed_body(CandidateIn),
)
async def cv_submission(request: Request) -> Response:
    """Take an application; the hiring process starts with it. The answer's id is the candidate's."""
    context, webhook_id, body = await signed(request)
    return await take_start(context, PROCESS, webhook_id, body, parse_json(CandidateIn, body))


@router.post(
    "/calendar",
    status_code=202,
    response_model=Accepted,
    responses=_ERRORS_OF_CANDIDATE,
    openapi_extra=signed_body(CalendarIn),
)
async def calendar(request: Request) -> Response:
    """Take what a calendar says of a candidate's call: scheduled, rescheduled or cancelled."""
    context, webhook_id, body = await signed(request)
    event = calendar_event(webhook_id, body, parse_json(CalendarIn, body))
    return answer(context, event.source, await take_event(context, event))


@router.post(
    "/call-completed",
    status_code=202,
    response_model=Accepted,
    responses=_ERRORS_OF_CANDIDATE,
    openapi_extra=signed_body(CallCompletedIn, twilio=True),
)
async def call_completed(request: Request, candidate_id: uuid.UUID | None = None) -> Response:
    """Take how a call ended: Twilio's form, signed by Twilio, with `candidate_id` in the query; or signed JSON."""
    kind = media_type(request, (JSON, FORM))
    context, body = context_of(request), await request.body()
    if kind == FORM:
        source = TWILIO
        fields = parse_form(body)
        context.twilio.verify(request, fields)
        call = _twilio_call(candidate_id, dict(fields))
        # Twilio sends no id: one call reports each status once, and its transcript once, under the status it has then.
        # A repeat is the same event, whatever else it says.
        webhook_id = f"{call.call_sid}:{call.status}{':transcript' if call.transcript else ''}"
        body = f"{call.candidate_id}:{webhook_id}".encode()
    else:
        source = CALL_COMPLETED
        webhook_id = context.standard.verify(request, body)
        call = parse_json(CallCompletedIn, body)
    return answer(context, source, await take_event(context, call_event(source, webhook_id, body, call)))


def _twilio_call(candidate_id: uuid.UUID | None, fields: dict[str, str]) -> CallCompletedIn:
    if candidate_id is None:
        raise needs_candidate()
    if missing := [name for name in ("CallSid", "CallStatus") if not fields.get(name)]:
        raise invalid([{"field": name, "message": "Field required"} for name in missing])
    status = fields["CallStatus"]
    if status == "completed" and is_machine(fields):
        status = "no-answer"  # of a person: it is tried again
    values = {
        "candidate_id": str(candidate_id),
        "call_sid": fields["CallSid"],
        "status": status,
        "transcript": fields.get("TranscriptionText", ""),
    }
    return parse_json(CallCompletedIn, json.dumps(values).encode())
