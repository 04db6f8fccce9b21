"""Entities, submissions, and what is kept about each.

Revision ID: 0001
Revises:
Create Date: 2026-11-23 08:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def create_partial_index(name: str, table: str, columns: list[str], condition: str) -> None:
    """Index only the rows that the condition holds for."""
    op.create_index(name, table, columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))


def entity_key(table: str, column: str) -> sa.ForeignKeyConstraint:
    """Return the foreign key to an entity, which is checked at the commit."""
    return sa.ForeignKeyConstraint(
        [column],
        ["entities.id"],
        op.f(f"fk_{table}_{column}_entities"),
        ondelete="CASCADE",
        initially="DEFERRED",
        deferrable=True,
    )


def entity_columns(table: str, *, nullable: bool = False) -> list[SchemaItem]:
    """Return the columns that say to which entity a row belongs."""
    return [
        sa.Column("entity_type", sa.String(length=32), nullable=nullable),
        sa.Column("entity_id", sa.Uuid(), nullable=nullable),
        entity_key(table, "entity_id"),
    ]


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(key_hash) = 64", name=op.f("ck_api_keys_key_hash")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_table(
        "entities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entities")),
    )
    op.create_table(
        "submissions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("traceparent", sa.String(length=55), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'running') = (lease_owner IS NOT NULL) AND (lease_owner IS NULL) = (lease_until IS NULL)",
            name=op.f("ck_submissions_lease"),
        ),
        sa.CheckConstraint(
            "(status IN ('pending', 'running')) = (next_attempt_at IS NOT NULL)", name=op.f("ck_submissions_due")
        ),
        sa.CheckConstraint("status <> 'complete' OR result IS NOT NULL", name=op.f("ck_submissions_result")),
        sa.CheckConstraint("status <> 'failed' OR error IS NOT NULL", name=op.f("ck_submissions_error")),
        sa.CheckConstraint(
            "status IN ('pending', 'running', 'complete', 'failed')", name=op.f("ck_submissions_status")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_submissions_attempts")),
        entity_key("submissions", "id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
    )
    create_partial_index("ix_submissions_due", "submissions", ["next_attempt_at", "id"], "next_attempt_at IS NOT NULL")
    op.create_index("ix_submissions_status_id", "submissions", ["status", "id"])

    op.create_table(
        "effects",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('started', 'done', 'unknown')", name=op.f("ck_effects_status")),
        sa.CheckConstraint("(entity_type IS NULL) = (entity_id IS NULL)", name=op.f("ck_effects_entity")),
        *entity_columns("effects", nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_effects")),
    )
    create_partial_index("ix_effects_entity_id", "effects", ["entity_id"], "entity_id IS NOT NULL")

    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("traceparent", sa.String(length=55), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(lease_owner IS NULL) = (lease_until IS NULL) AND (lease_owner IS NULL OR status = 'pending')",
            name=op.f("ck_outbox_lease"),
        ),
        sa.CheckConstraint("(status = 'delivered') = (delivered_at IS NOT NULL)", name=op.f("ck_outbox_delivered")),
        sa.CheckConstraint("(status = 'pending') = (next_attempt_at IS NOT NULL)", name=op.f("ck_outbox_due")),
        sa.CheckConstraint("kind IN ('start', 'signal')", name=op.f("ck_outbox_kind")),
        sa.CheckConstraint("status IN ('pending', 'delivered', 'parked')", name=op.f("ck_outbox_status")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_outbox_attempts")),
        sa.CheckConstraint("position > 0", name=op.f("ck_outbox_position")),
        *entity_columns("outbox"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_dedupe_key")),
        sa.UniqueConstraint("target", "position", name=op.f("uq_outbox_target_position")),
    )
    op.create_index("ix_outbox_entity_id", "outbox", ["entity_id"])
    create_partial_index("ix_outbox_due", "outbox", ["next_attempt_at", "id"], "next_attempt_at IS NOT NULL")
    create_partial_index("ix_outbox_parked", "outbox", ["id"], "status = 'parked'")

    op.create_table(
        "timeline",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=True),
        *entity_columns("timeline"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline")),
    )
    op.create_index("ix_timeline_entity_id", "timeline", ["entity_id", "at", "id"])

    op.create_table(
        "webhook_inbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entity_type", sa.String(length=32), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("length(body_digest) = 64", name=op.f("ck_webhook_inbox_body_digest")),
        sa.CheckConstraint("status_code BETWEEN 200 AND 499", name=op.f("ck_webhook_inbox_status_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_inbox")),
        sa.UniqueConstraint("source", "webhook_id", name=op.f("uq_webhook_inbox_source_webhook_id")),
    )


def downgrade() -> None:
    """Go back to an empty database; their indexes go with the tables."""
    for table in ("webhook_inbox", "timeline", "outbox", "effects", "submissions", "entities", "api_keys"):
        op.drop_table(table)
