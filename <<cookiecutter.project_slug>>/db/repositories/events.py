"""What happens to an entity from outside: dedupe, record, timeline and outbox signal in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from db.entities import entity_type
from db.repositories import entities, inbox, outbox, timeline
from db.repositories.inbox import Accepted

# Writes what else belongs to an event; what it returns is added to the event's detail.
Write = Callable[[AsyncSession], Awaitable[Mapping[str, Any]]]


class UnknownEntityError(Exception):
    """There is no entity of this type and id."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no {kind} with this id.")


class FinalStatusError(Exception):
    """The event is for entities whose status is not final, and this one's is: `status`."""

    def __init__(self, kind: str, status: str) -> None:
        super().__init__(f"The {kind}'s status is final: {status}.")
        self.status = status


@dataclass(frozen=True, slots=True)
class EntityEvent:
    """An event of an entity, under an id that is unique within its source.

    Attributes:
        entity_type: such as "submission".
        entity_id: whose it is.
        source: where it came from; the process knows its signal by it.
        event_id: unique within the source.
        body: as it came.
        name: the event, in the timeline.
        detail: ids, times and words from fixed lists.
        target: id of the Temporal workflow that is signalled; None: none is.
        note: what a person wrote: it goes into the timeline, and not into the signal.
        must_be_open: whether it is refused once the entity's status is final.
        write: writes what else belongs to it; called for a new one only.
    """

    entity_type: str
    entity_id: uuid.UUID
    source: str
    event_id: str
    body: bytes
    name: str
    detail: Mapping[str, Any]
    target: str | None = None
    note: str = ""
    must_be_open: bool = False
    write: Write | None = None


async def take(session: AsyncSession, event: EntityEvent, url: str) -> Accepted:
    """Store the event, or return the answer that it got when it came first.

    Args:
        session: a writing one.
        event: what happened.
        url: where the entity is shown; it is part of the answer.

    Raises:
        UnknownEntityError: there is no such entity.
        BodyMismatchError: the event's id came before with another body.
        FinalStatusError: the entity must be open and is not.
    """
    kind = event.entity_type
    status = await entities.status_of(session, kind, event.entity_id)
    if status is None:
        raise UnknownEntityError(kind)
    accepted = await inbox.accept(
        session,
        source=event.source,
        webhook_id=event.event_id,
        body=event.body,
        entity_type=kind,
        entity_id=event.entity_id,
        answer={"id": str(event.entity_id), "status": status, "url": url},
        location=url,
    )
    if not accepted.fresh:
        return accepted
    if event.must_be_open and status in entity_type(kind).final:
        raise FinalStatusError(kind, status)
    detail = dict(event.detail)
    if event.write is not None:
        detail |= await event.write(session)
    told = {**detail, "note": event.note} if event.note else detail
    await timeline.add(session, kind, event.entity_id, event.name, told)
    if event.target is not None:
        key = f"{event.source}:{event.event_id}"
        await outbox.add(
            session,
            kind="signal",
            target=event.target,
            payload={"entity_id": str(event.entity_id), "event": event.source, "event_id": key, **detail},
            entity_type=kind,
            entity_id=event.entity_id,
            dedupe_key=key,
        )
    return accepted
