"""What others say of candidates, over HTTP or by hand. Names are fixed (clients rely on them); fields may be added."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from workflows.inputs import ID, Body, Email, Moment, Phone, text

CallStatus = Literal["queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"]


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
    call_time: Annotated[Moment | None, Field(validate_default=True)] = None

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
