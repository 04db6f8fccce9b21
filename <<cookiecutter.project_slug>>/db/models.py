"""The tables that every system has; those of entities stand in db/entities.

What must hold is a constraint here, so that it holds whoever writes.

Work that is polled for (submissions, outbox) keeps the moment it is next due in `next_attempt_at`: of waiting rows
the end of their back-off, of leased rows the end of their lease, of finished rows NULL. So one partial index serves
the poll, and a lease that ran out is found by the same query as new work.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, OfEntity, one_of, where
from db.types import new_id, utc_now

OUTBOX_KINDS = ("start", "signal")
OUTBOX_STATUSES = ("pending", "delivered", "parked")
EFFECT_STATUSES = ("started", "done", "unknown")
SCOPES = ("read", "write", "run", "admin")


class WebhookReceipt(Base):
    """One webhook that was taken, with the answer it got; the same id again gets the same answer.

    It refers to its entity without a foreign key, since it outlives it: a copy that comes after an erasure must not
    bring it back.
    """

    __tablename__ = "webhook_inbox"
    __table_args__ = (
        UniqueConstraint("source", "webhook_id"),
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
    entity_type: Mapped[str] = mapped_column(String(32))
    entity_id: Mapped[uuid.UUID]
    received_at: Mapped[datetime] = mapped_column(default=utc_now)


class OutboxEntry(OfEntity, Base):
    """Something to be delivered at least once; the entries of one target go out in the order of `position`."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        UniqueConstraint("target", "position"),
        one_of("kind", OUTBOX_KINDS, "kind"),
        one_of("status", OUTBOX_STATUSES, "status"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("position > 0", name="position"),
        CheckConstraint("(status = 'pending') = (next_attempt_at IS NOT NULL)", name="due"),
        CheckConstraint("(status = 'delivered') = (delivered_at IS NOT NULL)", name="delivered"),
        CheckConstraint(
            "(lease_owner IS NULL) = (lease_until IS NULL) AND (lease_owner IS NULL OR status = 'pending')",
            name="lease",
        ),
        Index("ix_outbox_entity_id", "entity_id"),
        Index("ix_outbox_due", "next_attempt_at", "id", **where("next_attempt_at IS NOT NULL")),
        Index("ix_outbox_parked", "id", **where("status = 'parked'")),
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
        one_of("status", EFFECT_STATUSES, "status"),
        Index("ix_effects_entity_id", "entity_id", **where("entity_id IS NOT NULL")),
        CheckConstraint("(entity_type IS NULL) = (entity_id IS NULL)", name="entity"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    entity_type: Mapped[str | None] = mapped_column(String(32))  # type: ignore[assignment]
    entity_id: Mapped[uuid.UUID | None] = mapped_column(  # type: ignore[assignment]
        ForeignKey("entities.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED")
    )
    status: Mapped[str] = mapped_column(String(16), default="started")
    detail: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


class TimelineEvent(OfEntity, Base):
    """What happened to an entity, and when; rows are only ever added."""

    __tablename__ = "timeline"
    __table_args__ = (Index("ix_timeline_entity_id", "entity_id", "at", "id"),)

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
