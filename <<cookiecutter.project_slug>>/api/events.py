"""What happens to a candidate from outside: dedupe, record, timeline and outbox signal in one transaction."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from api.context import Context
from api.problems import Problem
from db.models import CANDIDATE_FINAL
from db.repositories import candidates, inbox, outbox, timeline
from db.repositories.intake import hiring_target

Write = Callable[[AsyncSession], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class CandidateEvent:
    """An event, under an id that is unique within its source; `detail` holds ids, times and words from fixed lists.

    `note` is what a person wrote: it goes into the timeline, and not into the signal.
    """

    source: str
    event_id: str
    body: bytes
    candidate_id: uuid.UUID
    name: str
    detail: Mapping[str, Any]
    signal: bool
    note: str = ""
    must_be_open: bool = False


async def take_event(context: Context, event: CandidateEvent, write: Write | None = None) -> inbox.Accepted:
    """Store the event, or return the answer that it got when it came first; `write` is called for a new one only.

    Raises:
        Problem: 404 for an unknown candidate; 409 when the event's id came before with another body, or when the
            candidate must be open and is not.
        DatabaseUnavailableError: nothing is known to be stored.
    """
    async with asyncio.timeout(context.settings.database_timeout_seconds), context.database.session() as session:
        status = await candidates.status_of(session, event.candidate_id)
        if status is None:
            raise Problem(404, "not-found", "There is no candidate with this id.")
        url = context.url(f"/candidates/{event.candidate_id}")
        try:
            accepted = await inbox.accept(
                session,
                source=event.source,
                webhook_id=event.event_id,
                body=event.body,
                entity_type="candidate",
                entity_id=event.candidate_id,
                answer={"id": str(event.candidate_id), "status": status, "url": url},
                location=url,
            )
        except inbox.BodyMismatchError:
            raise Problem(409, "conflict", "This id was used before, with another body.") from None
        if not accepted.fresh:
            return accepted
        if event.must_be_open and status in CANDIDATE_FINAL:
            raise Problem(409, "final", f"The candidate's status is final: {status}.")
        if write is not None:
            await write(session)
        detail = {**event.detail, "note": event.note} if event.note else event.detail
        await timeline.add(session, "candidate", event.candidate_id, event.name, detail)
        if event.signal:
            key = f"{event.source}:{event.event_id}"
            await outbox.add(
                session,
                kind="signal",
                target=hiring_target(event.candidate_id),
                payload={
                    "candidate_id": str(event.candidate_id),
                    "event": event.source,
                    "event_id": key,
                    **event.detail,
                },
                entity_type="candidate",
                entity_id=event.candidate_id,
                dedupe_key=key,
            )
    context.dispatcher.wake()
    return accepted
