"""Bodies of requests: bounded, of the right type, parsed once, refused in words that name the field."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from api.problems import Problem, field_errors, invalid

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_MAX_FORM_FIELDS = 100

Model = TypeVar("Model", bound=BaseModel)


def media_type(request: Request, allowed: Collection[str]) -> str:
    """Return the body's media type.

    Raises:
        Problem: 415, when the type is missing, given twice, none of `allowed`, in another charset than
            UTF-8, or compressed.
    """
    given = request.headers.getlist("content-type")
    essence, _, parameters = given[0].partition(";") if given else ("", "", "")
    kind = essence.strip().lower()
    if len(given) != 1 or kind not in allowed:
        raise Problem(
            415, "unsupported-media-type", f"Send {' or '.join(allowed)}.", headers={"Accept": ", ".join(allowed)}
        )
    for parameter in parameters.lower().split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "charset" and value.strip('"') not in ("utf-8", "utf8", "us-ascii"):
            raise Problem(415, "unsupported-media-type", "Send the body in UTF-8.")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Problem(
            415,
            "unsupported-media-type",
            "Send the body uncompressed.",
            headers={"Accept-Encoding": "identity"},
        )
    return kind


def parse_json(model: type[Model], body: bytes) -> Model:
    """Return the body as a model, parsed and checked in one pass.

    Raises:
        Problem: 422, with every field that is wrong.
    """
    try:
        value = model.model_validate_json(body)
    except ValidationError as error:
        raise invalid(
            field_errors(error.errors(include_url=False, include_context=False, include_input=False))
        ) from None
    # Only an escape can bring a NUL into JSON text, so most bodies are not searched field by field.
    if b"\\u0000" in body and (field := find_nul(value.model_dump(), "")) is not None:
        raise invalid([{"field": field, "message": "A NUL character cannot be stored."}])
    return value


def parse_form(body: bytes) -> list[tuple[str, str]]:
    """Return a form's fields in their order, as Twilio signs them.

    Raises:
        Problem: 422, when the body is not a form in UTF-8, or has a NUL or too many fields.
    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FORM_FIELDS
        )
    except ValueError:
        raise invalid([{"field": "", "message": "The body is not a form in UTF-8."}]) from None
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise invalid([{"field": name.replace("\0", ""), "message": "A NUL character cannot be stored."}])
    return pairs


def find_nul(value: Any, path: str) -> str | None:
    """Return the path of the first text that holds a NUL, None when none does."""
    if isinstance(value, str):
        return path if "\0" in value else None
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, str) and "\0" in key:
                return path
            if (found := find_nul(item, f"{path}.{key}" if path else str(key))) is not None:
                return found
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            if (found := find_nul(item, f"{path}.{index}" if path else str(index))) is not None:
                return found
    return None
