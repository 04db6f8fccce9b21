"""Errors on the wire: problem documents (RFC 9457), the same form from every route."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypedDict

from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:problem-type:coordinator:"
# A sender that gets a 503 does well to come back after this many seconds.
RETRY_AFTER_SECONDS = 5


class FieldError(BaseModel):
    """One field of the request that is not as it must be."""

    field: str = Field(description="Path of the field, with dots; empty for the body as a whole.")
    message: str


class ProblemDocument(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": f"{TYPE_PREFIX}invalid-body",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "detail": "email: Field required",
                    "instance": "/webhooks/submit",
                    "request_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                    "errors": [{"field": "email", "message": "Field required"}],
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[FieldError] | None = None


class FieldErrorDict(TypedDict):
    """FieldError, as it is built."""

    field: str
    message: str


class Problem(HTTPException):
    """An answer that is a problem document; `slug` names its type, `detail` is one plain sentence."""

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        *,
        errors: Sequence[FieldErrorDict] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status_code=status, detail=detail, headers=dict(headers) if headers else None)
        self.slug = slug
        self.errors = list(errors) if errors else None


def title_of(status: int) -> str:
    """Return the status' phrase, under its current name whatever the Python version."""
    return {413: "Content Too Large", 422: "Unprocessable Content"}.get(status) or HTTPStatus(status).phrase


def problem_response(problem: Problem, *, path: str, request_id: str) -> Response:
    """Return the problem as an answer to the request of this path and id."""
    document: dict[str, Any] = {
        "type": TYPE_PREFIX + problem.slug,
        "title": title_of(problem.status_code),
        "status": problem.status_code,
        "detail": problem.detail,
        "instance": path,
        "request_id": request_id,
    }
    if problem.errors:
        document["errors"] = problem.errors
    # ASCII, so that a lone surrogate in a path cannot break the answer.
    content = json.dumps(document, ensure_ascii=True).encode()
    return Response(content, status_code=problem.status_code, media_type=MEDIA_TYPE, headers=problem.headers)


def unavailable(detail: str = "The database does not answer. Nothing was stored; send it again.") -> Problem:
    """Return the answer for a part that is away: 503 with Retry-After."""
    return Problem(503, "unavailable", detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def invalid(errors: Sequence[FieldErrorDict], slug: str = "invalid-body") -> Problem:
    """Return a 422 that names each field."""
    detail = "; ".join(f"{e['field']}: {e['message']}" if e["field"] else e["message"] for e in errors[:5])
    return Problem(422, slug, detail, errors=errors)


def field_errors(errors: Sequence[Any], *, drop: int = 0) -> list[FieldErrorDict]:
    """Return pydantic's errors by field, without the values that were sent.

    `drop` is the number of leading parts of each location that are not the field's (FastAPI's "query", "path").
    """
    return [
        {"field": ".".join(str(part) for part in e["loc"][drop:])[:200], "message": str(e["msg"])[:300]} for e in errors
    ]


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """Answer a Problem, or what the framework raises itself: 404 for an unknown path, 405 for a wrong method."""
    assert isinstance(error, StarletteHTTPException)
    if not isinstance(error, Problem):
        words = {
            404: ("not-found", "There is nothing at this path."),
            405: ("method-not-allowed", "This path does not take this method; the Allow header says which it takes."),
        }
        slug, detail = words.get(error.status_code, ("http-error", str(error.detail)))
        error = Problem(error.status_code, slug, detail, headers=error.headers)
    return problem_response(error, path=request.url.path, request_id=request_id_of(request))


async def answer_validation_error(request: Request, error: Exception) -> Response:
    """Answer a query or path parameter that does not fit."""
    assert isinstance(error, RequestValidationError)
    problem = invalid(field_errors(error.errors(), drop=1), "invalid-parameter")
    return problem_response(problem, path=request.url.path, request_id=request_id_of(request))


def request_id_of(request: Request) -> str:
    """Return the id that the outermost layer gave this request."""
    return str(request.scope.get("state", {}).get("request_id", ""))


_DETAILS = {
    401: ("unauthorized", "The signature, or the API key, is missing or wrong."),
    403: ("forbidden", "The API key does not have the scope that this needs."),
    404: ("not-found", "There is no such thing."),
    409: ("conflict", "This webhook-id was used before, with another body."),
    413: ("too-large", "The body is larger than 1048576 bytes."),
    415: ("unsupported-media-type", "Send application/json."),
    422: ("invalid-body", "email: Field required"),
    429: ("too-many-runs", "Too many callers wait for a run; try again soon."),
    503: ("unavailable", "The database does not answer. Nothing was stored; send it again."),
    504: ("timeout", "The run took longer than 30 seconds and was ended."),
}
_INTERNAL = ("internal", "Something went wrong here; the log has it under the request id.")
_ALWAYS = (500, 503)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the errors that a route documents, each with an example; 500 and 503 always."""
    documented: dict[int | str, dict[str, Any]] = {}
    for status in sorted({*statuses, *_ALWAYS}):
        slug, detail = _DETAILS.get(
            status, ("internal", "Something went wrong here; the log has it under the request id.")
        )
        example: dict[str, Any] = {
            "type": TYPE_PREFIX + slug,
            "title": title_of(status),
            "status": status,
            "detail": detail,
            "instance": "/path",
            "request_id": "0190163d-8694-739b-aea5-966c26f8ad91",
        }
        if status == 422:
            example["errors"] = [{"field": "email", "message": "Field required"}]
        schema = {"$ref": "#/components/schemas/ProblemDocument"}
        entry: dict[str, Any] = {
            "description": title_of(status),
            "content": {MEDIA_TYPE: {"schema": schema, "example": example}},
        }
        if status == 503:
            entry["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
        documented[status] = entry
    return documented
