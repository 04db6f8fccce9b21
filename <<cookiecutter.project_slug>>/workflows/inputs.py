"""What others say of candidates, over HTTP or by hand. Names are fixed (clients rely on them); fields may be added."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

ID = "0190163d-8694-739b-aea5-966c26f8ad91"

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_EARLIEST, _LATEST = 2000, 2200


def _rfc3339(value: Any) -> Any:
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise PydanticCustomError("rfc3339", "Give a time with its offset, such as 2030-05-06T14:30:00+02:00.")
    return value


def _plausible(at: datetime) -> datetime:
    if not _EARLIEST <= at.year < _LATEST:
        raise PydanticCustomError("year", "Give a time between the years 2000 and 2200.")
    return at


def text(longest: int) -> StringConstraints:
    """Return the bounds of a text that must not be empty."""
    return StringConstraints(min_length=1, max_length=longest)


Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ()./-]{3,30}$")]
CallStatus = Literal["queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"]
CallTime = Annotated[
    AwareDatetime,
    Field(strict=False),
    BeforeValidator(_rfc3339, json_schema_input_type=AwareDatetime),
    AfterValidator(_plausible),
]


class Body(BaseModel):
    """A body that comes in: JSON types are taken as they are, fields that we do not know are ignored."""

    model_config = ConfigDict(strict=True, frozen=True)


class CandidateIn(Body):
    """A person's application."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Ann Example",
                    "email": "ann@example.com",
                    "phone": "+49 30 901820",
                    "position": "Backend engineer",
                    "cv_text": "Seven years of Python, PostgreSQL and on-call.",
                }
            ]
        }
    )

    name: Annotated[str, text(200)]
    email: Email
    phone: Phone
    position: Annotated[str, text(200)]
    cv_text: Annotated[str, text(500_000)]


class CalendarIn(Body):
    """What a calendar says of a candidate's call; `call_time` has an offset, and only a cancellation has none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"candidate_id": ID, "type": "scheduled", "call_time": "2030-05-06T14:30:00+02:00"}],
            "anyOf": [
                {"properties": {"type": {"const": "cancelled"}}},
                {"required": ["call_time"], "properties": {"call_time": {"type": "string"}}},
            ],
        }
    )

    candidate_id: uuid.UUID
    type: Literal["scheduled", "rescheduled", "cancelled"]
    call_time: Annotated[CallTime | None, Field(validate_default=True)] = None

    @field_validator("call_time")
    @classmethod
    def _needed(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        if value is None and info.data.get("type") in ("scheduled", "rescheduled"):
            raise PydanticCustomError("call_time", "Needed when a call is scheduled or rescheduled.")
        return value


class CallCompletedIn(Body):
    """How a call ended, from any telephony that can sign JSON."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "candidate_id": ID,
                    "call_sid": "CA0123456789abcdef0123456789abcdef",
                    "status": "completed",
                    "transcript": "Hello, this is Ann.",
                }
            ]
        }
    )

    candidate_id: uuid.UUID
    call_sid: Annotated[str, text(64)]
    status: CallStatus
    transcript: Annotated[str, StringConstraints(max_length=500_000)] = ""


class DecisionIn(Body):
    """A person's decision on a candidate."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"decision": "approve", "note": "Strong on databases."}]})

    decision: Literal["approve", "reject"]
    note: Annotated[str, StringConstraints(max_length=2000)] = ""


class WithdrawalIn(Body):
    """A candidate does not want to go on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "Took another offer."}]})

    note: Annotated[str, StringConstraints(max_length=2000)] = ""
