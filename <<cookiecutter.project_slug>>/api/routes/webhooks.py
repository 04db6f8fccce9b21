"""The webhook of forms that were sent in."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.bodies import parse_json
from api.intake import answer, signed, take_new
from api.openapi import signed_body
from api.problems import responses
from api.schemas import SubmissionIn
from api.views import Accepted
from db.repositories import submissions

router = APIRouter(prefix="/webhooks", tags=["webhooks"])


@router.post(
    "/submit",
    status_code=202,
    response_model=Accepted,
    responses=responses(401, 409, 413, 415, 422),
    openapi_extra=signed_body(SubmissionIn),
)
async def submit(request: Request) -> Response:
    """Take a form; RAW `analyze` looks at it, and the result is at the URL of the answer."""
    context, webhook_id, body = await signed(request)
    form = parse_json(SubmissionIn, body)
    row = submissions.make(form=form.form, email=form.email, text=form.text)
    accepted = await take_new(context, "submit", webhook_id, body, row, detail={"form": form.form})
    if accepted.fresh:
        context.coordinator.wake()
    return answer(context, "submit", accepted)
