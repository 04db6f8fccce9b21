"""What clients send that no process is about. Names are fixed (clients rely on them); fields may be added."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from workflows.inputs import Body, Email, text


def _has_non_finite(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict):
        return any(map(_has_non_finite, value.values()))
    return isinstance(value, list) and any(map(_has_non_finite, value))


class SubmissionIn(Body):
    """A form that somebody filled in."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"form": "contact", "email": "ann@example.com", "text": "My invoice 4711 was charged twice."}]
        }
    )

    form: Annotated[str, text(100)]
    email: Email
    text: Annotated[str, text(200_000)]


class RunIn(Body):
    """A run of a RAW workflow: the fields of its Params model, and how long it may take."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"params": {"text": "My invoice 4711 was charged twice."}, "timeout_seconds": 30}]
        }
    )

    params: dict[str, Any] = Field(default_factory=dict)
    timeout_seconds: Annotated[float, Field(ge=1, le=300, allow_inf_nan=False)] = 30.0

    @field_validator("params")
    @classmethod
    def _finite(cls, value: dict[str, Any]) -> dict[str, Any]:
        if _has_non_finite(value):
            raise PydanticCustomError("finite", "Numbers must be finite: JSON has no NaN and no Infinity.")
        return value
