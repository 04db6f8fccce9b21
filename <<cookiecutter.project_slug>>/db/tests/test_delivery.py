"""The delivery core, without the dispatcher's loop (api/tests/test_dispatch.py has that)."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

import pytest

from db.delivery import Delivered, TargetAwayError, UndeliverableError, deliver_due
from db.repositories import outbox, timeline
from db.repositories.outbox import OutboxLease
from db.session import Database
from db.types import utc_now
from settings import Settings

pytestmark = pytest.mark.anyio


class Answering:
    """A target that says what a test wants, by the entry's key."""

    def __init__(self, **answers: str | Exception | None) -> None:
        self.answers = answers
        self.tries: list[str] = []

    async def deliver(self, entry: OutboxLease) -> str | None:
        self.tries.append(entry.dedupe_key)
        answer = self.answers.get(entry.dedupe_key)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def quick(settings: Settings) -> Settings:
    changes = {"backoff_seconds": 0.001, "backoff_max_seconds": 0.001, "outbox_max_attempts": 2}
    return settings.model_copy(update=changes)


async def add(database: Database, entity_id: uuid.UUID, key: str, minutes: float = 0) -> None:
    """Add an entry of the target that the key begins with, made so many minutes ago."""
    async with database.session() as session:
        await outbox.add(
            session,
            kind="signal",
            target=key[0],
            payload={},
            entity_type="submission",
            entity_id=entity_id,
            dedupe_key=key,
            now=utc_now() - timedelta(minutes=minutes),
        )


def words(done: list[Delivered]) -> list[tuple[str, str]]:
    return [(one.entry.dedupe_key, one.outcome) for one in done]


async def test_each_round_tries_one_entry_of_each_target(
    database: Database, quick: Settings, entity_id: uuid.UUID
) -> None:
    for key in ("a1", "a2", "b1"):
        await add(database, entity_id, key)
    target, seen = Answering(b1="signal_after_end"), list[Delivered]()
    first = await deliver_due(database, target, quick, "me", observe=seen.append)
    assert words(first) == [("a1", "delivered"), ("b1", "delivered")]
    assert sorted(words(seen)) == words(first)
    assert words(await deliver_due(database, target, quick, "me")) == [("a2", "delivered")]
    assert await deliver_due(database, target, quick, "me") == []
    async with database.session(read_only=True) as session:
        events = await timeline.list_for(session, entity_id)
    assert sorted(event.event for event in events) == ["delivered", "delivered", "signal_after_end"]


async def test_only_what_has_waited_long_enough_or_is_of_one_target(
    database: Database, quick: Settings, entity_id: uuid.UUID
) -> None:
    for key, minutes in (("a1", 9), ("a2", 1), ("b1", 6), ("c1", 1)):
        await add(database, entity_id, key, minutes)
    target, age = Answering(), timedelta(minutes=5)
    assert words(await deliver_due(database, target, quick, "me", older_than=age)) == [
        ("a1", "delivered"),
        ("b1", "delivered"),
    ]
    assert await deliver_due(database, target, quick, "me", older_than=age) == []
    assert words(await deliver_due(database, target, quick, "me", only="c")) == [("c1", "delivered")]
    assert words(await deliver_due(database, target, quick, "me")) == [("a2", "delivered")]


async def test_a_target_that_is_away_parks_nothing_and_one_that_refuses_does(
    database: Database, quick: Settings, entity_id: uuid.UUID
) -> None:
    for key in ("a1", "b1", "c1"):
        await add(database, entity_id, key)
    target = Answering(a1=TargetAwayError("no server"), b1=ValueError("what is this"), c1=UndeliverableError("never"))
    outcomes: dict[str, list[str]] = {"a1": [], "b1": [], "c1": []}
    for _ in range(5):
        for key, outcome in words(await deliver_due(database, target, quick, "me")):
            outcomes[key].append(outcome)
        await asyncio.sleep(0.01)
    assert outcomes == {"a1": ["retried"] * 5, "b1": ["retried", "parked"], "c1": ["parked"]}
    async with database.session(read_only=True) as session:
        errors = {row.dedupe_key: row.last_error for row in await outbox.list_parked(session)}
    assert errors == {"b1": "ValueError: what is this", "c1": "UndeliverableError: never"}


async def test_an_attempt_that_outlived_its_lease_writes_nothing(
    database: Database, quick: Settings, entity_id: uuid.UUID
) -> None:
    await add(database, entity_id, "a1")

    class Slow:
        async def deliver(self, entry: OutboxLease) -> None:
            async with database.session() as session:
                later = utc_now() + timedelta(hours=1)
                assert [held.id for held in await outbox.lease_batch(session, "other", 1, 60, later)] == [entry.id]

    assert words(await deliver_due(database, Slow(), quick, "me")) == [("a1", "lost")]
    async with database.session(read_only=True) as session:
        assert await timeline.list_for(session, entity_id) == []
