"""The hot path: one statement on PostgreSQL, which stores what the repositories store step by step."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Iterator

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import IntegrityError

from db import testing
from db.base import Base, Entity
from db.entities.submission import Submission
from db.models import OutboxEntry, TimelineEvent, WebhookReceipt
from db.repositories import intake, outbox, submissions, timeline
from db.repositories.inbox import MAX_WEBHOOK_ID, Accepted, BodyMismatchError
from db.session import Database, DatabaseUnavailableError
from db.types import new_id

pytestmark = pytest.mark.anyio

TABLES: tuple[type[Base], ...] = (Entity, Submission, TimelineEvent, OutboxEntry, WebhookReceipt)


async def take(
    database: Database,
    webhook_id: str = "msg_1",
    *,
    body: bytes = b"{}",
    row: Submission | None = None,
    target: str | None = None,
) -> Accepted:
    entity_id = new_id()
    receipt = intake.Receipt(
        source="submit",
        webhook_id=webhook_id,
        body=body,
        entity_id=entity_id,
        answer={"id": str(entity_id), "status": "pending"},
        location=f"/submissions/{entity_id}",
        detail={"form": "contact"},
    )
    row = row or submissions.make(form="contact", email="ada@example.com", text="Hello.")
    return await intake.take(database, receipt, row, target=target)


async def counts(database: Database) -> list[int]:
    """How many rows each of TABLES has."""
    async with database.session(read_only=True) as session:
        return [await session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """What is executed through SQLAlchemy from here on; the hot path goes past it to the driver."""
    asked: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield asked
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


@pytest.mark.parametrize("starts", [False, True])
async def test_a_webhook_makes_an_entity_with_all_that_belongs_to_it(
    database: Database, statements: list[str], starts: bool
) -> None:
    accepted = await take(database, target="process-1" if starts else None)
    assert bool(statements) == database.is_sqlite
    made = accepted.entity_id
    assert accepted == Accepted(
        True, 202, {"id": str(made), "status": "pending"}, f"/submissions/{made}", "submission", made
    )
    assert await counts(database) == [1, 1, 1, int(starts), 1]
    async with database.session() as session:
        row = await submissions.get(session, made)
        assert row is not None
        assert (row.form, row.email, row.text, row.status) == ("contact", "ada@example.com", "Hello.", "pending")
        (told,) = await timeline.list_for(session, made)
        assert (told.event, told.detail, told.entity_type) == ("received", {"form": "contact"}, "submission")
        leases = await outbox.lease_batch(session, "me", 10, 60)
        assert [(held.kind, held.target, held.position, held.entity_id) for held in leases] == (
            [("start", "process-1", 1, made)] if starts else []
        )
        assert [held.id for held in await submissions.lease_batch(session, "me", 10, 60)] == [made]


async def test_what_follows_a_start_goes_out_after_it(database: Database) -> None:
    made = (await take(database, target="process-1")).entity_id
    async with database.session() as session:
        await outbox.add(
            session,
            kind="signal",
            target="process-1",
            payload={},
            entity_type="submission",
            entity_id=made,
            dedupe_key="msg_2",
        )
        assert [held.kind for held in await outbox.lease_batch(session, "me", 10, 60)] == ["start"]
        assert [row.position for row in await outbox.list_waiting(session, "process-1")] == [1, 2]


async def test_the_same_webhook_gets_the_same_answer_and_makes_nothing_more(database: Database) -> None:
    first = await take(database, target="process-1")
    again = await take(database, target="process-2")
    assert (again.fresh, again.answer, again.location, again.entity_id) == (
        False,
        first.answer,
        first.location,
        first.entity_id,
    )
    with pytest.raises(BodyMismatchError):
        await take(database, body=b"{ }")
    assert await counts(database) == [1] * 5


async def test_copies_at_the_same_moment_make_one_entity(database: Database) -> None:
    other = Database(database.settings)
    got = await asyncio.gather(*(take(each, target="process-1") for each in (database, other) * 15))
    await other.dispose()
    assert sum(accepted.fresh for accepted in got) == 1
    assert len({accepted.entity_id for accepted in got}) == 1
    assert await counts(database) == [1] * 5


async def test_webhooks_at_the_same_moment_make_an_entity_each(database: Database) -> None:
    got = await asyncio.gather(*(take(database, f"msg_{number}", target=f"process-{number}") for number in range(40)))
    assert all(accepted.fresh for accepted in got)
    assert await counts(database) == [40] * 5


async def test_what_the_database_refuses_leaves_nothing_and_is_not_quoted(database: Database) -> None:
    row = submissions.make(form="contact", email="ada@example.com", text="Ada Lovelace")
    row.status = "nonsense"
    with pytest.raises(IntegrityError) as caught:
        await take(database, row=row, target="process-1")
    told = "".join(traceback.format_exception(caught.value))
    assert "ck_submissions" in told
    assert "Lovelace" not in told
    assert await counts(database) == [0] * 5
    assert (await take(database, target="process-1")).fresh


@pytest.mark.parametrize("wrong", ["", "x" * (MAX_WEBHOOK_ID + 1)])
async def test_an_id_has_a_sensible_length(database: Database, wrong: str) -> None:
    with pytest.raises(ValueError, match="webhook id"):
        await take(database, wrong)
    assert await counts(database) == [0] * 5


async def test_an_id_that_no_database_can_store_is_deduplicated(database: Database) -> None:
    assert (await take(database, "a\x00\ud800")).fresh
    assert not (await take(database, "a\x00\ud800")).fresh


async def test_a_database_that_is_away_is_told_as_always() -> None:
    database = Database(testing.settings_for("postgresql://me:hunter2@127.0.0.1:1/app"))
    with pytest.raises(DatabaseUnavailableError, match="no connection"):
        await take(database)
    await database.dispose()


async def test_connections_that_were_cut_are_told_of_once_and_not_used_again(database: Database) -> None:
    """On PostgreSQL; a file has no connections to cut, and there nothing is to be told."""
    await take(database)
    if not database.is_sqlite:
        other = Database(database.settings)
        async with other.session() as session:
            mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            await session.execute(text(f"{mine} AND pid <> pg_backend_pid()"))
        await other.dispose()
        with pytest.raises(DatabaseUnavailableError):
            await take(database, "msg_2")
    assert (await take(database, "msg_2")).fresh
    assert not (await take(database)).fresh
