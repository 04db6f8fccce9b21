"""What the API answers. Names are fixed (clients rely on them); fields may be added."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from workflows.inputs import ID


class Accepted(BaseModel):
    """Taken, stored, and on its way; `url` shows what became of it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": ID, "status": "pending", "url": f"/submissions/{ID}"}]}
    )

    id: uuid.UUID
    status: str
    url: str


class TimelineItem(BaseModel):
    """One thing that happened."""

    at: datetime
    event: str
    detail: dict[str, Any]


class SubmissionSummary(BaseModel):
    """A submission, without its text."""

    id: uuid.UUID
    status: Literal["pending", "running", "complete", "failed"]
    form: str
    email: str
    attempts: int
    created_at: datetime
    updated_at: datetime
    url: str


class SubmissionOut(SubmissionSummary):
    """A submission with its result and what happened to it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": ID,
                    "status": "complete",
                    "form": "contact",
                    "email": "ann@example.com",
                    "attempts": 1,
                    "created_at": "2030-05-06T12:30:00Z",
                    "updated_at": "2030-05-06T12:30:01Z",
                    "url": f"/submissions/{ID}",
                    "text": "My invoice 4711 was charged twice.",
                    "result": {"category": "billing", "urgency": "normal"},
                    "error": None,
                    "timeline": [{"at": "2030-05-06T12:30:00Z", "event": "received", "detail": {"form": "contact"}}],
                }
            ]
        }
    )

    text: str
    result: dict[str, Any] | None
    error: str | None
    timeline: list[TimelineItem]


class SubmissionPage(BaseModel):
    """Submissions, newest first; `next_cursor` asks for the next page, null on the last one."""

    items: list[SubmissionSummary]
    next_cursor: str | None


class OutboxItem(BaseModel):
    """An entry of the outbox: something that is to be told to another system."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": ID,
                    "kind": "start",
                    "target": f"process-{ID}",
                    "status": "parked",
                    "attempts": 20,
                    "last_error": "ConnectionError",
                    "payload": {},
                    "created_at": "2030-05-06T12:30:00Z",
                    "next_attempt_at": None,
                    "delivered_at": None,
                }
            ]
        }
    )

    id: uuid.UUID
    kind: Literal["start", "signal"]
    target: str
    status: Literal["pending", "delivered", "parked"]
    attempts: int
    last_error: str | None
    payload: dict[str, Any]
    created_at: datetime
    next_attempt_at: datetime | None
    delivered_at: datetime | None


class OutboxPage(BaseModel):
    """Outbox entries, newest first; `next_cursor` asks for the next page, null on the last one."""

    items: list[OutboxItem]
    next_cursor: str | None


class RunOut(BaseModel):
    """What a run came to; the same as `raw run ID --json` prints, without paths of this machine."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "workflow": "analyze",
                    "run_id": "20300506-123000-a1b2c3",
                    "status": "success",
                    "exit_code": 0,
                    "message": "billing, normal",
                    "result": {"category": "billing", "urgency": "normal"},
                    "duration_seconds": 0.02,
                }
            ]
        }
    )

    workflow: str
    run_id: str
    status: str
    exit_code: int
    message: str
    result: Any
    duration_seconds: float


class Health(BaseModel):
    """The process answers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok"}]})

    status: Literal["ok"]


class Readiness(BaseModel):
    """Whether work can be done, part by part, in words."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "ready",
                    "parts": {
                        "database": "ok",
                        "coordinator": "ok",
                        "outbox": "ok",
                        "temporal": "ok",
                    },
                    "missing": [],
                }
            ]
        }
    )

    status: Literal["ready", "not ready"]
    parts: dict[str, str]
    missing: list[str]
