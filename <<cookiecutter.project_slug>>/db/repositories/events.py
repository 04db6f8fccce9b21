"""What happens to a candidate from outside: dedupe, record, timeline and outbox signal in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from db.models import CANDIDATE_FINAL
from db.repositories import candidates, inbox, outbox, timeline
from db.repositories.inbox import Accepted
from db.repositories.intake import hiring_target

# Writes what else belongs to an event; what it returns is added to the event's detail.
Write = Callable[[AsyncSession], Awaitable[Mapping[str, Any]]]


class UnknownCandidateError(Exception):
    """There is no candidate of this id."""


class FinalStatusError(Exception):
    """The event is for candidates whose status is not final, and this one's is: `status`."""

    def __init__(self, status: str) -> None:
        super().__init__(f"The candidate's status is final: {status}.")
        self.status = status


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


async def take(session: AsyncSession, event: CandidateEvent, url: str, write: Write | None = None) -> Accepted:
    """Store the event, or return the answer that it got when it came first; `write` is called for a new one only.

    Args:
        session: a writing one.
        event: what happened.
        url: where the candidate is shown; it is part of the answer.
        write: what else is to be written.

    Raises:
        UnknownCandidateError: there is no such candidate.
        BodyMismatchError: the event's id came before with another body.
        FinalStatusError: the candidate must be open and is not.
    """
    status = await candidates.status_of(session, event.candidate_id)
    if status is None:
        raise UnknownCandidateError("There is no candidate with this id.")
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
    if not accepted.fresh:
        return accepted
    if event.must_be_open and status in CANDIDATE_FINAL:
        raise FinalStatusError(status)
    detail = dict(event.detail)
    if write is not None:
        detail |= await write(session)
    told = {**detail, "note": event.note} if event.note else detail
    await timeline.add(session, "candidate", event.candidate_id, event.name, told)
    if event.signal:
        key = f"{event.source}:{event.event_id}"
        await outbox.add(
            session,
            kind="signal",
            target=hiring_target(event.candidate_id),
            payload={"candidate_id": str(event.candidate_id), "event": event.source, "event_id": key, **detail},
            entity_type="candidate",
            entity_id=event.candidate_id,
            dedupe_key=key,
        )
    return accepted
