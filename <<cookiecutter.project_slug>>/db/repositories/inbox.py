"""Which webhooks were taken, so that none is acted on twice."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.dialects import insert
from db.models import WebhookReceipt
from db.types import clean_text, new_id, utc_now

MAX_WEBHOOK_ID = 255


class BodyMismatchError(Exception):
    """The webhook id was used before, with another body (409): either a sender's fault or a forgery."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a webhook. `fresh`: it was never seen, so its rows are to be written in this transaction."""

    fresh: bool
    status_code: int
    answer: dict[str, Any]
    location: str | None
    entity_type: str
    entity_id: uuid.UUID


def stored_id(webhook_id: str) -> str:
    """Return the id as it is stored.

    Raises:
        ValueError: it is empty or too long.
    """
    if not 1 <= len(webhook_id) <= MAX_WEBHOOK_ID:
        raise ValueError(f"A webhook id has 1 to {MAX_WEBHOOK_ID} characters.")
    return clean_text(webhook_id)


async def accept(
    session: AsyncSession,
    *,
    source: str,
    webhook_id: str,
    body: bytes,
    entity_type: str,
    entity_id: uuid.UUID,
    answer: Mapping[str, Any],
    status_code: int = 202,
    location: str | None = None,
    now: datetime | None = None,
) -> Accepted:
    """Take a webhook, or return the answer it got when it was taken before.

    Call it first in the transaction and write the rest only if `fresh`. Of two copies at the same moment, on any two
    processes, the second waits here until the first one's transaction ends, then gets its answer, or, if that was
    rolled back, is the fresh one itself.

    Args:
        session: a writing one.
        source: who sent it (such as "submit"); ids are unique within a source.
        webhook_id: the sender's id, 1 to MAX_WEBHOOK_ID characters.
        body: the bytes that were signed.
        entity_type: its type, such as "submission".
        entity_id: of the entity that the webhook is about, or made with `new_id()` for one written in this transaction.
        answer: the JSON body of the answer.
        status_code: of the answer.
        location: URL for the Location header.
        now: time of receipt.

    Raises:
        BodyMismatchError: the id came before with another body.
        ValueError: the id is empty or too long.
    """
    webhook_id = stored_id(webhook_id)
    digest = hashlib.sha256(body).hexdigest()
    inserted = await session.scalar(
        insert(session, WebhookReceipt)
        .values(
            id=new_id(),
            source=source,
            webhook_id=webhook_id,
            body_digest=digest,
            status_code=status_code,
            answer=dict(answer),
            location=location,
            entity_type=entity_type,
            entity_id=entity_id,
            received_at=now or utc_now(),
        )
        .on_conflict_do_nothing(index_elements=["source", "webhook_id"])
        .returning(WebhookReceipt.id)
    )
    if inserted is not None:
        return Accepted(True, status_code, dict(answer), location, entity_type, entity_id)
    earlier = (
        await session.scalars(
            select(WebhookReceipt).where(WebhookReceipt.source == source, WebhookReceipt.webhook_id == webhook_id)
        )
    ).one()
    if earlier.body_digest != digest:
        raise BodyMismatchError("This webhook id was used before with another body.")
    return Accepted(
        False, earlier.status_code, earlier.answer, earlier.location, earlier.entity_type, earlier.entity_id
    )
