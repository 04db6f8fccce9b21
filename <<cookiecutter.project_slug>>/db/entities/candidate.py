"""Candidates, and the telephone calls with them."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, EntityRow, one_of, status_rules
from db.entities.kinds import EntityType
from db.types import new_id, utc_now

CANDIDATE_FINAL = ("completed", "rejected", "expired", "no_show", "withdrawn", "failed")
CANDIDATE_STATUSES = ("received", "in_progress", *CANDIDATE_FINAL)
CALL_OPEN = ("queued", "ringing", "in-progress")
CALL_FINAL = ("completed", "busy", "failed", "no-answer", "canceled")
CALL_STATUSES = (*CALL_OPEN, *CALL_FINAL)


class Candidate(EntityRow, Base):
    """A person whose CV came in; `status` is final once it is in CANDIDATE_FINAL."""

    __tablename__ = "candidates"
    __table_args__ = status_rules("candidates", CANDIDATE_STATUSES)

    name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str]
    position: Mapped[str]
    cv_text: Mapped[str]


class Call(Base):
    """A telephone call with a candidate: its latest status, and the transcript once there is one."""

    __tablename__ = "calls"
    __table_args__ = (
        UniqueConstraint("candidate_id", "call_sid"),
        one_of("status", CALL_STATUSES, "status"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    candidate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("candidates.id", ondelete="CASCADE"))
    call_sid: Mapped[str]
    status: Mapped[str] = mapped_column(String(16))
    transcript: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


ENTITY = EntityType("candidate", Candidate, final=CANDIDATE_FINAL, label="name", group="position")
