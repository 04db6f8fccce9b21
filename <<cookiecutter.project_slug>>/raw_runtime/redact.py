"""How params and results look where people other than their owner may read them: by type and size, not by content."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

CORRELATION_PARAM = "id"
_CORRELATION_MAX = 128
_ERROR_MAX = 2000


def redact(value: Any) -> Any:
    """Return numbers, booleans and None as they are, all else as its type and size."""
    if value is None or isinstance(value, bool):
        return value
    if type(value) in (int, float):
        return value
    name = type(value).__name__
    if isinstance(value, str):
        return f"<{name}, {len(value)} chars>"
    if isinstance(value, bytes | bytearray):
        return f"<{name}, {len(value)} bytes>"
    if isinstance(value, list | tuple | set | frozenset | dict):
        return f"<{name}, {len(value)} items>"
    return f"<{name}>"


def redact_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params by type and size; a short `id`, which joins the run to its cause, stays."""
    return {
        name: value
        if name == CORRELATION_PARAM and isinstance(value, str) and len(value) <= _CORRELATION_MAX
        else redact(value)
        for name, value in params.items()
    }


def describe(error: BaseException) -> str:
    """Return what an exception says, without the input values that pydantic adds, and not without end."""
    errors = getattr(error, "errors", None)
    if callable(errors) and hasattr(error, "error_count"):
        try:
            lines = [
                f"{'.'.join(str(part) for part in item['loc']) or 'value'}: {item['msg']}"
                for item in errors(include_input=False, include_url=False, include_context=False)
            ]
            text = f"{getattr(error, 'title', 'value')}: {'; '.join(lines)}"
        except Exception:  # a class that only looks like pydantic's
            text = str(error)
    else:
        text = str(error)
    text = text or type(error).__name__
    return text if len(text) <= _ERROR_MAX else f"{text[:_ERROR_MAX]}... ({len(text)} chars)"
