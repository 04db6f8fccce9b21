"""The tables. What must hold is a constraint here, so that it holds whoever writes.

Work that is polled for (submissions, outbox) keeps the moment it is next due in `next_attempt_at`: of waiting rows
the end of their back-off, of leased rows the end of their lease, of finished rows NULL. So one partial index serves
the poll, and a lease that ran out is found by the same query as new work.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar, Literal

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Computed,
    ForeignKey,
    Index,
    MetaData,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, declared_attr, mapped_column

from db.types import CleanJSON, CleanText, UTCDateTime, new_id, utc_now

ENTITY_TYPES = ("candidate", "submission")
CANDIDATE_FINAL = ("completed", "rejected", "expired", "no_show", "withdrawn", "failed")
CANDIDATE_STATUSES = ("received", "in_progress", *CANDIDATE_FINAL)
SUBMISSION_FINAL = ("complete", "failed")
SUBMISSION_STATUSES = ("pending", "running", *SUBMISSION_FINAL)
OUTBOX_KINDS = ("start", "signal")
OUTBOX_STATUSES = ("pending", "delivered", "parked")
EFFECT_STATUSES = ("started", "done", "unknown")
CALL_OPEN = ("queued", "ringing", "in-progress")
CALL_FINAL = ("completed", "busy", "failed", "no-answer", "canceled")
CALL_STATUSES = (*CALL_OPEN, *CALL_FINAL)
SCOPES = ("read", "write", "run", "admin")


def _one_of(column: str, values: tuple[str, ...], name: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Base(DeclarativeBase):
    """Names every constraint, since what has no name cannot be migrated."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: CleanText,
        datetime: UTCDateTime,
        uuid.UUID: Uuid,
        dict[str, Any]: CleanJSON,
        list[str]: CleanJSON,
    }


class OfEntity:
    """Columns of a row that belongs to a candidate or a submission, and goes when that is erased.

    `candidate_id` and `submission_id` are worked out by the database from the other two, so that foreign keys can
    check them; they do so at the commit, so that a transaction writes its rows in any order.
    """

    entity_type: Mapped[str] = mapped_column(String(16))
    entity_id: Mapped[uuid.UUID]

    @declared_attr
    def candidate_id(cls) -> Mapped[uuid.UUID | None]:  # noqa: N805
        """The id, if it is a candidate's."""
        return _entity_column("candidate")

    @declared_attr
    def submission_id(cls) -> Mapped[uuid.UUID | None]:  # noqa: N805
        """The id, if it is a submission's."""
        return _entity_column("submission")

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        # Nobody reads the two columns from a row just written: do not ask for them.
        return {"eager_defaults": False}

    @classmethod
    def belongs_to(cls, entity_type: str, entity_id: uuid.UUID) -> ColumnElement[bool]:
        """Return the condition for the rows of one entity, in the form that the indexes serve."""
        column = cls.candidate_id if entity_type == "candidate" else cls.submission_id
        return column == entity_id


def _entity_column(name: str) -> MappedColumn[uuid.UUID | None]:
    return mapped_column(
        Computed(f"CASE WHEN entity_type = '{name}' THEN entity_id END", persisted=True),
        ForeignKey(f"{name}s.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"),
    )


def _entity_rules(table: str, *then: str) -> tuple[CheckConstraint | Index, ...]:
    """Return what holds of the columns of OfEntity, and an index for each foreign key, with more columns at its end."""
    return (
        _one_of("entity_type", ENTITY_TYPES, "entity_type"),
        Index(f"ix_{table}_candidate_id", "candidate_id", *then, **_where("candidate_id IS NOT NULL")),
        Index(f"ix_{table}_submission_id", "submission_id", *then, **_where("submission_id IS NOT NULL")),
    )


class Candidate(Base):
    """A person whose CV came in; `status` is final once it is in CANDIDATE_FINAL."""

    __tablename__ = "candidates"
    __table_args__ = (
        _one_of("status", CANDIDATE_STATUSES, "status"),
        Index("ix_candidates_status_id", "status", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str]
    position: Mapped[str]
    cv_text: Mapped[str]
    status: Mapped[str] = mapped_column(String(16), default="received")
    result: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


class Submission(Base):
    """A form that was sent in, and what RAW `analyze` made of it."""

    __tablename__ = "submissions"
    __table_args__ = (
        _one_of("status", SUBMISSION_STATUSES, "status"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint(
            "(status = 'running') = (lease_owner IS NOT NULL) AND (lease_owner IS NULL) = (lease_until IS NULL)",
            name="lease",
        ),
        CheckConstraint("(status IN ('pending', 'running')) = (next_attempt_at IS NOT NULL)", name="due"),
        CheckConstraint("status <> 'complete' OR result IS NOT NULL", name="result"),
        CheckConstraint("status <> 'failed' OR error IS NOT NULL", name="error"),
        Index("ix_submissions_due", "next_attempt_at", "id", **_where("next_attempt_at IS NOT NULL")),
        Index("ix_submissions_status_id", "status", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    form: Mapped[str]
    email: Mapped[str]
    text: Mapped[str]
    status: Mapped[str] = mapped_column(String(16), default="pending")
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str | None]
    # The span of its webhook: the run, later and maybe in another process, belongs to the same trace.
    traceparent: Mapped[str | None] = mapped_column(String(55))
    attempts: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


class WebhookReceipt(Base):
    """One webhook that was taken, with the answer it got; the same id again gets the same answer.

    It refers to its entity without a foreign key, since it outlives it: a copy that comes after an erasure must not
    bring the person back.
    """

    __tablename__ = "webhook_inbox"
    __table_args__ = (
        UniqueConstraint("source", "webhook_id"),
        _one_of("entity_type", ENTITY_TYPES, "entity_type"),
        CheckConstraint("status_code BETWEEN 200 AND 499", name="status_code"),
        CheckConstraint("length(body_digest) = 64", name="body_digest"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    source: Mapped[str] = mapped_column(String(64))
    webhook_id: Mapped[str]
    body_digest: Mapped[str] = mapped_column(String(64))
    status_code: Mapped[int]
    answer: Mapped[dict[str, Any]]
    location: Mapped[str | None]
    entity_type: Mapped[str] = mapped_column(String(16))
    entity_id: Mapped[uuid.UUID]
    received_at: Mapped[datetime] = mapped_column(default=utc_now)


class OutboxEntry(OfEntity, Base):
    """Something to be delivered at least once; the entries of one target go out in the order of `position`."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        UniqueConstraint("target", "position"),
        _one_of("kind", OUTBOX_KINDS, "kind"),
        _one_of("status", OUTBOX_STATUSES, "status"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("position > 0", name="position"),
        CheckConstraint("(status = 'pending') = (next_attempt_at IS NOT NULL)", name="due"),
        CheckConstraint("(status = 'delivered') = (delivered_at IS NOT NULL)", name="delivered"),
        CheckConstraint(
            "(lease_owner IS NULL) = (lease_until IS NULL) AND (lease_owner IS NULL OR status = 'pending')",
            name="lease",
        ),
        *_entity_rules("outbox"),
        Index("ix_outbox_due", "next_attempt_at", "id", **_where("next_attempt_at IS NOT NULL")),
        Index("ix_outbox_parked", "id", **_where("status = 'parked'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(16))
    target: Mapped[str]
    position: Mapped[int]
    payload: Mapped[dict[str, Any]]
    dedupe_key: Mapped[str]
    # The span that made it, which its delivery follows from.
    traceparent: Mapped[str | None] = mapped_column(String(55))
    status: Mapped[str] = mapped_column(String(16), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    delivered_at: Mapped[datetime | None]


class Effect(OfEntity, Base):
    """An effect on the world (mail, call) under its idempotency key; `started` and never ended means unknown.

    Of no entity (a report's mail): both columns are NULL.
    """

    __tablename__ = "effects"
    __table_args__ = (
        _one_of("status", EFFECT_STATUSES, "status"),
        *_entity_rules("effects"),
        CheckConstraint("(entity_type IS NULL) = (entity_id IS NULL)", name="entity"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    entity_type: Mapped[str | None] = mapped_column(String(16))  # type: ignore[assignment]
    entity_id: Mapped[uuid.UUID | None] = mapped_column()  # type: ignore[assignment]
    status: Mapped[str] = mapped_column(String(16), default="started")
    detail: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


class TimelineEvent(OfEntity, Base):
    """What happened to a candidate or submission, and when; rows are only ever added."""

    __tablename__ = "timeline"
    __table_args__ = (*_entity_rules("timeline", "at", "id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    event: Mapped[str] = mapped_column(String(64))
    detail: Mapped[dict[str, Any] | None]


class ApiKey(Base):
    """A key of the API; only the hash of its secret is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("key_hash"), CheckConstraint("length(key_hash) = 64", name="key_hash"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    key_hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    def state(self, now: datetime) -> Literal["active", "expired", "revoked"]:
        """Whether the key is accepted at this time, and if not, why not."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


class Call(Base):
    """A telephone call with a candidate: its latest status, and the transcript once there is one."""

    __tablename__ = "calls"
    __table_args__ = (
        UniqueConstraint("candidate_id", "call_sid"),
        _one_of("status", CALL_STATUSES, "status"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    candidate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("candidates.id", ondelete="CASCADE"))
    call_sid: Mapped[str]
    status: Mapped[str] = mapped_column(String(16))
    transcript: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
