from __future__ import annotations

import asyncio
import uuid

import pytest
from sqlalchemy import text

from db.repositories import inbox, submissions
from db.repositories.inbox import Accepted
from db.session import Database
from db.testing import Actors
from db.types import new_id

pytestmark = pytest.mark.anyio


async def take(
    database: Database, webhook_id: str = "msg_1", body: bytes = b"{}", source: str = "submit", fail: bool = False
) -> Accepted:
    submission_id = new_id()
    async with database.session() as session:
        got = await inbox.accept(
            session,
            source=source,
            webhook_id=webhook_id,
            body=body,
            entity_type="submission",
            entity_id=submission_id,
            answer={"url": f"/submissions/{submission_id}", "id": str(submission_id)},
            location=f"/submissions/{submission_id}",
        )
        if got.fresh:
            await submissions.create(session, id=submission_id, form="contact", email="e", text="t")
        if fail:
            raise ZeroDivisionError
    return got


async def rows(database: Database, table: str = "submissions") -> int:
    async with database.session(read_only=True) as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def test_the_same_id_gets_the_same_answer(database: Database) -> None:
    first = await take(database)
    again = await take(database)
    assert (first.fresh, again.fresh) == (True, False)
    assert list(again.answer.items()) == list(first.answer.items())
    assert (again.location, again.status_code, again.entity_id) == (first.location, 202, first.entity_id)
    assert again.entity_type == "submission"
    assert await rows(database) == 1


async def test_ids_are_unique_within_a_source_only(database: Database) -> None:
    assert (await take(database, source="submit")).fresh
    assert (await take(database, source="calendar")).fresh
    assert await rows(database) == 2


async def test_another_body_under_the_same_id_is_told_apart(database: Database) -> None:
    await take(database, body=b"{}")
    with pytest.raises(inbox.BodyMismatchError):
        await take(database, body=b"{ }")
    assert await rows(database) == 1


async def test_what_was_rolled_back_was_never_taken(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await take(database, fail=True)
    assert await rows(database) == await rows(database, "webhook_inbox") == 0
    assert (await take(database)).fresh


@pytest.mark.parametrize("wrong", ["", "x" * (inbox.MAX_WEBHOOK_ID + 1)])
async def test_an_id_has_a_sensible_length(database: Database, wrong: str) -> None:
    with pytest.raises(ValueError, match="webhook id"):
        await take(database, wrong)


async def test_an_id_that_no_database_can_store_is_deduplicated(database: Database) -> None:
    assert (await take(database, "a\x00\ud800")).fresh
    assert not (await take(database, "a\x00\ud800")).fresh


async def test_copies_at_the_same_moment_are_taken_once(database: Database) -> None:
    got = await asyncio.gather(*(take(database) for _ in range(30)))
    assert sum(accepted.fresh for accepted in got) == 1
    assert len({accepted.answer["id"] for accepted in got}) == 1
    assert await rows(database) == 1


async def test_of_two_copies_the_second_is_taken_when_the_first_is_rolled_back(database: Database) -> None:
    other = Database(database.settings)
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with database.session() as session:
            submission_id = new_id()
            got = await inbox.accept(
                session,
                source="submit",
                webhook_id="msg_1",
                body=b"{}",
                entity_type="submission",
                entity_id=submission_id,
                answer={},
            )
            assert got.fresh
            inside.set()
            await go_on.wait()
            raise ZeroDivisionError

    task = asyncio.create_task(first())
    await inside.wait()
    second = asyncio.create_task(take(other))
    await asyncio.sleep(0.2)
    assert not second.done(), "the second copy must wait for the first one's end"
    go_on.set()
    with pytest.raises(ZeroDivisionError):
        await task
    assert (await second).fresh
    assert await rows(database) == 1
    await other.dispose()


@pytest.mark.slow
async def test_copies_on_several_processes_are_taken_once(database: Database, actors: Actors) -> None:
    for _ in range(3):
        actors.add("accept", "msg_1", "20")
    lines = [line.split() for lines in actors.results() for line in lines]
    assert len(lines) == 60
    assert sorted(word for word, _ in lines).count("fresh") == 1
    (only,) = {answered for _, answered in lines}
    async with database.session(read_only=True) as session:
        assert await submissions.get(session, uuid.UUID(only)) is not None
    assert await rows(database) == 1
