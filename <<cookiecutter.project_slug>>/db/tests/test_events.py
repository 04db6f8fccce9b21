"""What happens to an entity from outside, shown with submissions."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.base import Base
from db.models import OutboxEntry, TimelineEvent, WebhookReceipt
from db.repositories import effects, events, outbox, submissions, timeline
from db.repositories.events import EntityEvent, FinalStatusError, UnknownEntityError
from db.repositories.inbox import Accepted, BodyMismatchError
from db.session import Database
from db.types import new_id

pytestmark = pytest.mark.anyio

TABLES: tuple[type[Base], ...] = (WebhookReceipt, TimelineEvent, OutboxEntry)


@pytest.fixture
def paid(entity_id: uuid.UUID) -> EntityEvent:
    return EntityEvent(
        entity_type="submission",
        entity_id=entity_id,
        source="payment",
        event_id="msg_1",
        body=b"{}",
        name="paid",
        detail={"amount": 5},
        target=f"process-{entity_id}",
        must_be_open=True,
    )


async def take(database: Database, what: EntityEvent) -> Accepted:
    async with database.session() as session:
        return await events.take(session, what, f"/submissions/{what.entity_id}")


async def counts(database: Database) -> list[int]:
    """How many receipts, timeline events and outbox entries there are."""
    async with database.session(read_only=True) as session:
        return [await session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]


async def test_an_event_is_answered_recorded_and_signalled(database: Database, paid: EntityEvent) -> None:
    accepted = await take(database, replace(paid, note="as agreed"))
    url = f"/submissions/{paid.entity_id}"
    answer = {"id": str(paid.entity_id), "status": "pending", "url": url}
    assert accepted == Accepted(True, 202, answer, url, "submission", paid.entity_id)
    async with database.session() as session:
        (told,) = await timeline.list_for(session, paid.entity_id)
        (entry,) = await outbox.list_waiting(session, f"process-{paid.entity_id}")
    assert (told.event, told.detail) == ("paid", {"amount": 5, "note": "as agreed"})
    assert (entry.kind, entry.dedupe_key, entry.entity_id) == ("signal", "payment:msg_1", paid.entity_id)
    assert entry.payload == {
        "entity_id": str(paid.entity_id),
        "event": "payment",
        "event_id": "payment:msg_1",
        "amount": 5,
    }, "what a person wrote is not signalled"


async def test_an_event_without_a_target_signals_nobody(database: Database, paid: EntityEvent) -> None:
    assert (await take(database, replace(paid, target=None))).fresh
    assert await counts(database) == [1, 1, 0]


async def test_the_same_event_is_taken_once(database: Database, paid: EntityEvent) -> None:
    got = await asyncio.gather(*(take(database, paid) for _ in range(10)))
    assert sum(accepted.fresh for accepted in got) == 1
    assert len({str(accepted.answer) for accepted in got}) == 1
    with pytest.raises(BodyMismatchError):
        await take(database, replace(paid, body=b"{ }"))
    assert await counts(database) == [1, 1, 1]
    assert (await take(database, replace(paid, source="refund"))).fresh
    assert await counts(database) == [2, 2, 2]


async def test_what_belongs_to_an_event_is_written_with_it_and_once(database: Database, paid: EntityEvent) -> None:
    written = []

    async def write(session: AsyncSession) -> Mapping[str, Any]:
        written.append(await effects.begin(session, "receipt-1", "mail", paid.entity_type, paid.entity_id))
        return {"receipt": "receipt-1", "amount": 6}

    for _ in range(3):
        await take(database, replace(paid, write=write))
    assert [begun.fresh for begun in written] == [True]
    async with database.session() as session:
        (told,) = await timeline.list_for(session, paid.entity_id)
        (entry,) = await outbox.list_waiting(session, f"process-{paid.entity_id}")
    assert told.detail == {"amount": 6, "receipt": "receipt-1"}
    assert entry.payload.items() >= told.detail.items()


async def test_an_event_that_cannot_be_written_was_never_taken(database: Database, paid: EntityEvent) -> None:
    async def fail(session: AsyncSession) -> Mapping[str, Any]:
        await effects.begin(session, "receipt-1", "mail", paid.entity_type, paid.entity_id)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await take(database, replace(paid, write=fail))
    assert await counts(database) == [0, 0, 0]
    async with database.session() as session:
        assert await effects.get(session, "receipt-1") is None
    assert (await take(database, paid)).fresh


async def test_an_event_of_nobody_is_refused(database: Database, paid: EntityEvent) -> None:
    with pytest.raises(UnknownEntityError) as caught:
        await take(database, replace(paid, entity_id=new_id()))
    assert str(caught.value) == "There is no submission with this id."
    assert await counts(database) == [0, 0, 0]


async def test_after_the_end_an_event_is_refused_if_it_must_be_open(database: Database, paid: EntityEvent) -> None:
    early = await take(database, paid)
    async with database.session() as session:
        (lease,) = await submissions.lease_batch(session, "me", 1, 60)
        await submissions.complete(session, lease, {})
    with pytest.raises(FinalStatusError) as caught:
        await take(database, replace(paid, event_id="msg_2"))
    assert (str(caught.value), caught.value.status) == ("The submission's status is final: complete.", "complete")
    assert await counts(database) == [1, 1, 1], "what is refused is not recorded: it may come again"
    again = await take(database, paid)
    assert (again.fresh, again.answer) == (False, early.answer), "a copy of an earlier event gets its answer"
    late = await take(database, replace(paid, event_id="msg_2", must_be_open=False))
    assert (late.fresh, late.answer["status"]) == (True, "complete")


async def test_an_event_with_an_id_of_another_kind_is_refused(database: Database, paid: EntityEvent) -> None:
    with pytest.raises(KeyError):
        await take(database, replace(paid, entity_type="nonsense"))
    assert await counts(database) == [0, 0, 0]
