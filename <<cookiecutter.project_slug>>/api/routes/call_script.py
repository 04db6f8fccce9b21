"""What a call does, as TwiML, told to Twilio when somebody answers: by then an application may have ended."""

from __future__ import annotations

import asyncio
import logging
import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.bodies import FORM, media_type, parse_form
from api.context import context_of
from api.openapi import twilio_form
from api.problems import Problem, invalid, responses
from db.entities.candidate import CANDIDATE_FINAL
from db.repositories import candidates
from db.session import DatabaseUnavailableError
from logs import entity_id_var
from tools import telephony
from workflows import hiring_scripts as scripts

XML = "application/xml"

# Twilio waits 15 s, and who is on the telephone not as long.
_SECONDS = 5.0
_EXAMPLE = '<?xml version="1.0" encoding="UTF-8"?><Response><Say>Hello.</Say><Hangup /></Response>'

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

logger = logging.getLogger(__name__)


@router.post(
    "/call-script",
    response_class=Response,
    responses={
        200: {"description": "TwiML", "content": {XML: {"schema": {"type": "string"}, "example": _EXAMPLE}}},
        **responses(401, 404, 413, 415, 422),
    },
    openapi_extra=twilio_form("AnsweredBy", "RecordingUrl"),
)
async def call_script(request: Request, candidate_id: uuid.UUID | None = None) -> Response:
    """Say in TwiML what a call does that was answered, or whose recording has ended; only Twilio may ask."""
    media_type(request, (FORM,))
    context, given = context_of(request), parse_form(await request.body())
    context.twilio.verify(request, given)
    if candidate_id is None:
        raise needs_candidate()
    entity_id_var.set(str(candidate_id))
    fields = dict(given)
    try:
        async with asyncio.timeout(_SECONDS), context.database.session(read_only=True) as session:
            candidate = await candidates.get(session, candidate_id)
    except (TimeoutError, DatabaseUnavailableError) as error:
        # Somebody is on the telephone: a sentence is better than Twilio's "an application error has occurred".
        logger.warning("A call was answered while the database is away: %s", type(error).__name__)
        return _said(telephony.farewell(scripts.SORRY))
    if candidate is None:
        raise Problem(404, "not-found", "There is no candidate with this id.")
    if "RecordingUrl" in fields:
        return _said(telephony.farewell(scripts.THANKS))
    if candidate.status in CANDIDATE_FINAL:
        return _said(telephony.farewell(scripts.OVER))
    if is_machine(fields):
        return _said(telephony.farewell(scripts.for_a_machine(candidate.position)))
    callback = context.url(f"/webhooks/call-completed?candidate_id={candidate_id}")
    return _said(telephony.call_script(scripts.greeting(candidate.position), transcribe_callback=callback))


def is_machine(fields: dict[str, str]) -> bool:
    """Tell whether Twilio found no person: machine_start, machine_end_beep, fax and the like."""
    return fields.get("AnsweredBy", "").startswith(("machine", "fax"))


def needs_candidate() -> Problem:
    """Return the 422 for a callback whose URL names no candidate."""
    return invalid([{"field": "candidate_id", "message": "Give it in the query of the callback's URL."}])


def _said(twiml: str) -> Response:
    return Response(twiml, media_type=XML)
