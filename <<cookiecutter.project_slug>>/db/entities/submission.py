"""Submissions: forms that were sent in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, EntityRow, status_rules, where
from db.entities.kinds import EntityType

FINAL = ("complete", "failed")
STATUSES = ("pending", "running", *FINAL)


class Submission(EntityRow, Base):
    """A form that was sent in, and what RAW `analyze` made of it."""

    __tablename__ = "submissions"
    __table_args__ = (
        *status_rules("submissions", STATUSES),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint(
            "(status = 'running') = (lease_owner IS NOT NULL) AND (lease_owner IS NULL) = (lease_until IS NULL)",
            name="lease",
        ),
        CheckConstraint("(status IN ('pending', 'running')) = (next_attempt_at IS NOT NULL)", name="due"),
        CheckConstraint("status <> 'complete' OR result IS NOT NULL", name="result"),
        CheckConstraint("status <> 'failed' OR error IS NOT NULL", name="error"),
        Index("ix_submissions_due", "next_attempt_at", "id", **where("next_attempt_at IS NOT NULL")),
    )

    form: Mapped[str]
    email: Mapped[str]
    text: Mapped[str]
    error: Mapped[str | None]
    # The span of its webhook: the run, later and maybe in another process, belongs to the same trace.
    traceparent: Mapped[str | None] = mapped_column(String(55))
    attempts: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None]


ENTITY = EntityType("submission", Submission, final=FINAL, group="form")
