"""Webhooks: signed, stored in one transaction, then acknowledged; what came before gets the answer it got then."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.bodies import FORM, JSON, media_type, parse_form, parse_json
from api.context import Context, context_of
from api.events import take_event
from api.openapi import signed_body
from api.problems import Problem, invalid, responses
from api.routes.call_script import is_machine, needs_candidate
from api.schemas import SubmissionIn
from api.views import Accepted
from db.repositories import inbox, intake
from db.repositories.intake import Receipt
from db.types import new_id
from logs import entity_id_var
from workflows.events import CALL_COMPLETED, TWILIO, calendar_event, call_event
from workflows.inputs import CalendarIn, CallCompletedIn, CandidateIn

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

_ERRORS = responses(401, 409, 413, 415, 422)
_ERRORS_OF_CANDIDATE = responses(401, 404, 409, 413, 415, 422)


@router.post(
    "/submit", status_code=202, response_model=Accepted, responses=_ERRORS, openapi_extra=signed_body(SubmissionIn)
)
async def submit(request: Request) -> Response:
    """Take a form; RAW `analyze` looks at it, and the result is at the URL of the answer."""
    context, webhook_id, body = await _signed(request)
    form = parse_json(SubmissionIn, body)
    receipt = _receipt(context, "submit", webhook_id, body, "submissions", "pending", {"form": form.form})
    async with asyncio.timeout(context.settings.database_timeout_seconds):
        accepted = await _once(
            intake.take_submission(context.database, receipt, form=form.form, email=form.email, text=form.text)
        )
    if accepted.fresh:
        context.coordinator.wake()
    return answer(context, "submit", accepted)


@router.post(
    "/cv-submission",
    status_code=202,
    response_model=Accepted,
    responses=_ERRORS,
    openapi_extra=signed_body(CandidateIn),
)
async def cv_submission(request: Request) -> Response:
    """Take an application; the hiring process starts with it. The answer's id is the candidate's."""
    context, webhook_id, body = await _signed(request)
    form = parse_json(CandidateIn, body)
    receipt = _receipt(context, "cv-submission", webhook_id, body, "candidates", "received", {})
    async with asyncio.timeout(context.settings.database_timeout_seconds):
        accepted = await _once(
            intake.take_candidate(
                context.database,
                receipt,
                name=form.name,
                email=form.email,
                phone=form.phone,
                position=form.position,
                cv_text=form.cv_text,
            )
        )
    if accepted.fresh:
        context.dispatcher.wake()
    return answer(context, "cv-submission", accepted)


@router.post(
    "/calendar",
    status_code=202,
    response_model=Accepted,
    responses=_ERRORS_OF_CANDIDATE,
    openapi_extra=signed_body(CalendarIn),
)
async def calendar(request: Request) -> Response:
    """Take what a calendar says of a candidate's call: scheduled, rescheduled or cancelled."""
    context, webhook_id, body = await _signed(request)
    event = calendar_event(webhook_id, body, parse_json(CalendarIn, body))
    return answer(context, "calendar", await take_event(context, event))


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
    event, write = call_event(source, webhook_id, body, call)
    return answer(context, source, await take_event(context, event, write))


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


async def _signed(request: Request) -> tuple[Context, str, bytes]:
    """Return the context, the webhook's id and its body, once its signature has proved good."""
    media_type(request, (JSON,))
    body = await request.body()
    context = context_of(request)
    return context, context.standard.verify(request, body), body


def _receipt(
    context: Context, source: str, webhook_id: str, body: bytes, kind: str, status: str, detail: Mapping[str, Any]
) -> Receipt:
    entity_id = new_id()
    url = context.url(f"/{kind}/{entity_id}")
    return Receipt(
        source, webhook_id, body, entity_id, {"id": str(entity_id), "status": status, "url": url}, url, detail
    )


async def _once(taking: Any) -> inbox.Accepted:
    try:
        accepted: inbox.Accepted = await taking
    except inbox.BodyMismatchError:
        raise conflict() from None
    return accepted


def conflict() -> Problem:
    """Return the answer to a webhook-id that comes again with another body."""
    return Problem(409, "conflict", "This webhook-id was used before, with another body.")


def answer(context: Context, source: str, accepted: inbox.Accepted) -> Response:
    """Return 202, or what was answered to this webhook when it came first."""
    entity_id_var.set(str(accepted.entity_id))
    context.metrics.webhooks.labels(source, "accepted" if accepted.fresh else "replayed").inc()
    return Response(
        json.dumps(accepted.answer).encode(),
        status_code=accepted.status_code,
        media_type="application/json",
        headers={"Location": accepted.location} if accepted.location else None,
    )
