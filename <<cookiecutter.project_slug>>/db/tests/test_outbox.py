from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db.repositories import outbox
from db.repositories.backoff import pause_after
from db.repositories.outbox import OutboxDepth, OutboxLease
from db.session import Database
from db.testing import Actors
from db.types import utc_now

pytestmark = pytest.mark.anyio


async def add(database: Database, entity_id: uuid.UUID, target: str, key: str, now: datetime | None = None) -> bool:
    async with database.session() as session:
        return await outbox.add(
            session,
            kind="signal",
            target=target,
            payload={"entity_id": str(entity_id)},
            entity_type="submission",
            entity_id=entity_id,
            dedupe_key=key,
            now=now,
        )


async def lease(
    database: Database, owner: str = "me", limit: int = 10, now: datetime | None = None
) -> list[OutboxLease]:
    async with database.session() as session:
        return await outbox.lease_batch(session, owner, limit, 60, now)


async def deliver(database: Database, held: OutboxLease) -> bool:
    async with database.session() as session:
        return await outbox.delivered(session, held)


async def test_a_target_gets_its_entries_one_by_one_in_order(database: Database, entity_id: uuid.UUID) -> None:
    for key in ("a1", "b1", "a2", "a3"):
        assert await add(database, entity_id, key[0], key)
    got = []
    while leases := await lease(database):
        assert len({held.target for held in leases}) == len(leases)
        for held in leases:
            got.append(held.dedupe_key)
            assert held.payload == {"entity_id": str(entity_id)}
            assert await deliver(database, held)
    assert got == ["a1", "b1", "a2", "a3"]


async def test_the_same_key_is_added_once(database: Database, entity_id: uuid.UUID) -> None:
    assert await add(database, entity_id, "a", "start")
    assert not await add(database, entity_id, "a", "start")
    assert len(await lease(database)) == 1


async def test_a_leased_entry_holds_up_its_target_and_no_other(database: Database, entity_id: uuid.UUID) -> None:
    for key in ("a1", "a2", "b1"):
        await add(database, entity_id, key[0], key)
    (first,) = await lease(database, "one", limit=1)
    assert first.dedupe_key == "a1"
    assert [held.dedupe_key for held in await lease(database, "two")] == ["b1"]


async def test_a_failed_entry_waits_and_holds_up_its_target(database: Database, entity_id: uuid.UUID) -> None:
    for key in ("a1", "a2"):
        await add(database, entity_id, "a", key)
    (held,) = await lease(database)
    at = utc_now() + timedelta(seconds=30)
    async with database.session() as session:
        assert await outbox.retry_later(session, held, "Temporal is away", at)
    assert await lease(database, now=at - timedelta(seconds=1)) == []
    (again,) = await lease(database, now=at)
    assert (again.dedupe_key, again.attempt) == ("a1", 2)


async def test_a_lease_that_ran_out_is_taken_over_and_writes_nothing_more(
    database: Database, entity_id: uuid.UUID
) -> None:
    await add(database, entity_id, "a", "a1")
    (lost,) = await lease(database, "one")
    (held,) = await lease(database, "two", now=utc_now() + timedelta(seconds=61))
    assert (held.id, held.attempt) == (lost.id, 2)
    async with database.session() as session:
        assert not await outbox.delivered(session, lost)
        assert not await outbox.retry_later(session, lost, "late", utc_now())
        assert not await outbox.park(session, lost, "late")
    assert await deliver(database, held)


async def test_a_lease_is_lost_to_the_same_owner_too(database: Database, entity_id: uuid.UUID) -> None:
    await add(database, entity_id, "a", "a1")
    (old,) = await lease(database)
    (new,) = await lease(database, now=utc_now() + timedelta(seconds=61))
    assert not await deliver(database, old)
    assert await deliver(database, new)


async def test_a_parked_entry_is_visible_holds_up_its_target_and_can_be_tried_again(
    database: Database, entity_id: uuid.UUID
) -> None:
    for key in ("a1", "a2", "b1"):
        await add(database, entity_id, key[0], key)
    held, other = await lease(database)
    async with database.session() as session:
        assert await outbox.park(session, held, "refused for good")
    assert await deliver(database, other)
    assert await lease(database, now=utc_now() + timedelta(days=7)) == []
    async with database.session() as session:
        (parked,) = await outbox.list_parked(session)
        assert (parked.id, parked.last_error, parked.attempts) == (held.id, "refused for good", 1)
        assert await outbox.requeue(session, held.id)
        assert not await outbox.requeue(session, held.id)
    (again,) = await lease(database)
    assert (again.id, again.attempt) == (held.id, 1)
    assert await deliver(database, again)
    assert [one.dedupe_key for one in await lease(database)] == ["a2"]


async def test_depth_and_age(database: Database, entity_id: uuid.UUID) -> None:
    async with database.session(read_only=True) as session:
        assert await outbox.depth_and_age(session) == OutboxDepth(0, 0, 0.0)
    now = utc_now()
    for seconds, key in ((30, "a1"), (20, "b1"), (10, "c1"), (5, "d1")):
        await add(database, entity_id, key[0], key, now - timedelta(seconds=seconds))
    parked, delivered, *_ = await lease(database, limit=2)
    async with database.session() as session:
        await outbox.park(session, parked, "no")
        await outbox.delivered(session, delivered)
    async with database.session(read_only=True) as session:
        assert await outbox.depth_and_age(session, now) == OutboxDepth(2, 1, 10.0)


@pytest.mark.parametrize(
    "change",
    [
        "status = 'nonsense'",
        "kind = 'nonsense'",
        "status = 'delivered', next_attempt_at = NULL",
        "status = 'parked'",
        "next_attempt_at = NULL",
        "lease_owner = 'me'",
        "position = 0",
    ],
)
async def test_the_database_refuses_what_makes_no_sense(database: Database, entity_id: uuid.UUID, change: str) -> None:
    await add(database, entity_id, "a", "a1")
    with pytest.raises(IntegrityError):
        async with database.session() as session:
            await session.execute(text(f"UPDATE outbox SET {change}"))


async def test_entries_added_at_the_same_moment_have_one_order(
    database: Database, entity_id: uuid.UUID, actors: Actors
) -> None:
    await asyncio.gather(*(add(database, entity_id, "process-1", f"task-{n}") for n in range(20)))
    for _ in range(3):
        actors.add("add", str(entity_id), "20")
    actors.results()
    async with database.session(read_only=True) as session:
        positions = list(await session.scalars(text("SELECT position FROM outbox ORDER BY position")))
    assert positions == list(range(1, 81))


@pytest.mark.slow
async def test_processes_deliver_each_target_in_order(
    database: Database, entity_id: uuid.UUID, actors: Actors, tmp_path: Path
) -> None:
    for number in range(8):
        for target in range(6):
            await add(database, entity_id, f"process-{target}", f"{target}-{number}")
    journal = tmp_path / "journal"
    journal.touch()
    for _ in range(3):
        actors.add("deliver", str(journal))
    actors.results()
    got = defaultdict(list)
    for line in journal.read_text().splitlines():
        target_name, position = line.split()
        got[target_name].append(int(position))
    assert got == {f"process-{target}": list(range(1, 9)) for target in range(6)}


def test_the_pause_doubles_is_bounded_and_varies() -> None:
    for attempts, full in ((1, 1.0), (2, 2.0), (5, 16.0), (9, 256.0), (10, 300.0), (10_000, 300.0)):
        pauses = [pause_after(attempts, base=1.0, longest=300.0) for _ in range(50)]
        assert full / 2 <= min(pauses) < max(pauses) <= full
