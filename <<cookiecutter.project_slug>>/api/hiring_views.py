"""What the API answers of candidates. Names are fixed (clients rely on them); fields may be added."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from api.views import TimelineItem
from workflows.inputs import ID

CandidateStatus = Literal[
    "received", "in_progress", "completed", "rejected", "expired", "no_show", "withdrawn", "failed"
]


class CandidateSummary(BaseModel):
    """A candidate, without the CV."""

    id: uuid.UUID
    status: CandidateStatus
    name: str
    email: str
    position: str
    created_at: datetime
    updated_at: datetime
    url: str


class CandidateOut(CandidateSummary):
    """A candidate with the result and what happened so far; the CV's text is not repeated."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": ID,
                    "status": "in_progress",
                    "name": "Ann Example",
                    "email": "ann@example.com",
                    "position": "Backend engineer",
                    "created_at": "2030-05-06T12:30:00Z",
                    "updated_at": "2030-05-06T12:30:01Z",
                    "url": f"/candidates/{ID}",
                    "phone": "+49 30 901820",
                    "result": None,
                    "timeline": [{"at": "2030-05-06T12:30:00Z", "event": "received", "detail": {}}],
                }
            ]
        }
    )

    phone: str
    result: dict[str, Any] | None
    timeline: list[TimelineItem]


class CandidatePage(BaseModel):
    """Candidates, newest first; `next_cursor` asks for the next page, null on the last one."""

    items: list[CandidateSummary]
    next_cursor: str | None
