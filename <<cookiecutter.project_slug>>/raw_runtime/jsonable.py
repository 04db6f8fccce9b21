"""Params and results as JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic_core import to_jsonable_python

if TYPE_CHECKING:
    from pydantic import BaseModel


def values_of(params: BaseModel) -> dict[str, Any]:
    """Return a model's values by field name, those that it takes beyond its fields included."""
    return {**{name: getattr(params, name) for name in type(params).model_fields}, **(params.__pydantic_extra__ or {})}


def to_json(value: Any, *, special_floats: Literal["constants", "null"] = "constants") -> Any:
    """Return a value as JSON values, secrets in the clear: for files that only their owner can read.

    `special_floats` says whether NaN and the infinities stay (as Python's json reads them) or become None.

    Raises:
        ValueError: it holds bytes that are not UTF-8.
    """
    data = to_jsonable_python(value, fallback=_plain, inf_nan_mode="constants", bytes_mode="utf8")
    return _finite(data) if special_floats == "null" else data


def _plain(value: Any) -> Any:
    reveal = getattr(value, "get_secret_value", None)
    return reveal() if callable(reveal) else str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return value
