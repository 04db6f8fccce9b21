"""What the OpenAPI document says of bodies that a route reads by itself, and of headers that sign them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from api.bodies import FORM, JSON
from api.problems import ProblemDocument

_HEADERS = (
    ("webhook-id", "The message's id; the same id again gets the same answer.", "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"),
    ("webhook-timestamp", "Seconds since 1970; five minutes old at most.", "1893456000"),
    ("webhook-signature", "`v1,` and base64 of an HMAC-SHA256; several, separated by spaces.", "v1,K5oZfzN95Z9UVu1E="),
)
_TWILIO_EXAMPLE = {"CallSid": "CA0123456789abcdef0123456789abcdef", "CallStatus": "completed"}
_TWILIO_FIELDS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "CallSid": {"type": "string", "minLength": 1, "maxLength": 64},
        "CallStatus": {
            "type": "string",
            "enum": ["queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"],
        },
        "TranscriptionText": {"type": "string"},
    },
    "required": ["CallSid", "CallStatus"],
}


def body_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a flat model, without the example, which stands beside it."""
    schema = model.model_json_schema(mode="validation")
    schema.pop("examples", None)
    return schema


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """Return the `openapi_extra` of a route that takes this model as JSON."""
    example = (model.model_json_schema().get("examples") or [{}])[0]
    content = {JSON: {"schema": body_schema(model), "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def signed_body(model: type[BaseModel], *, twilio: bool = False) -> dict[str, Any]:
    """Return the `openapi_extra` of a webhook: its body, and the headers that sign it."""
    extra = json_body(model)
    required = not twilio
    extra["parameters"] = [
        {
            "name": name,
            "in": "header",
            "required": required,
            "description": words,
            "schema": {"type": "string", "minLength": 1},
            "example": example,
        }
        for name, words, example in _HEADERS
    ]
    if twilio:
        extra["requestBody"]["content"][FORM] = {
            "schema": _TWILIO_FIELDS,
            "example": _TWILIO_EXAMPLE,
        }
        extra["parameters"].append(_signature(required=False))
    return extra


def twilio_form(*optional: str) -> dict[str, Any]:
    """Return the `openapi_extra` of a route that only Twilio calls: its form, with more fields, and its signature."""
    fields = {**_TWILIO_FIELDS["properties"], **{name: {"type": "string"} for name in optional}}
    content = {FORM: {"schema": {**_TWILIO_FIELDS, "properties": fields, "required": []}, "example": _TWILIO_EXAMPLE}}
    return {"requestBody": {"required": True, "content": content}, "parameters": [_signature(required=True)]}


def _signature(*, required: bool) -> dict[str, Any]:
    return {
        "name": "X-Twilio-Signature",
        "in": "header",
        "required": required,
        "description": "Twilio's signature of the URL and the form's fields; needed for a form.",
        "schema": {"type": "string"},
    }


def add_problem_schema(app: FastAPI) -> None:
    """Add the problem document, which every error refers to, to the components."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = make()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= problem.pop("$defs", {})
            schemas["ProblemDocument"] = problem
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
