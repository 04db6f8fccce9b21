from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from db.entities.submission import Submission
from db.repositories import submissions, timeline
from db.repositories.submissions import SubmissionLease
from db.session import Database
from db.testing import Actors
from db.types import utc_now

pytestmark = pytest.mark.anyio


async def make(database: Database, count: int = 1, now: datetime | None = None) -> list[uuid.UUID]:
    async with database.session() as session:
        return [
            (await submissions.create(session, form="f", email="e", text=f"t{n}", now=now)).id for n in range(count)
        ]


async def get(database: Database, id: uuid.UUID) -> Submission:  # noqa: A002
    async with database.session(read_only=True) as session:
        row = await submissions.get(session, id)
    assert row is not None
    return row


async def lease(
    database: Database, owner: str = "me", limit: int = 10, now: datetime | None = None, **options: int
) -> list[SubmissionLease]:
    async with database.session() as session:
        return await submissions.lease_batch(session, owner, limit, 60, now, **options)


async def test_what_is_due_longest_is_leased_first_and_only_once(database: Database) -> None:
    ids = await make(database, 5)
    first = await lease(database, "a", 2)
    rest = await lease(database, "b", 10)
    assert [held.id for held in first + rest] == ids
    assert (first[0].text, first[0].attempt, first[0].owner) == ("t0", 1, "a")
    assert await lease(database, "c") == []
    row = await get(database, ids[0])
    assert (row.status, row.lease_owner, row.lease_until, row.next_attempt_at) == (
        "running",
        "a",
        first[0].until,
        first[0].until,
    )


async def test_complete_stores_the_result_and_ends_the_lease(database: Database) -> None:
    (id_,) = await make(database)
    (held,) = await lease(database)
    async with database.session() as session:
        assert await submissions.complete(session, held, {"category": "billing"})
    row = await get(database, id_)
    assert (row.status, row.result, row.error) == ("complete", {"category": "billing"}, None)
    assert (row.lease_owner, row.lease_until, row.next_attempt_at) == (None, None, None)
    assert await lease(database, now=utc_now() + timedelta(days=1)) == []
    async with database.session() as session:
        assert not await submissions.complete(session, held, {"category": "again"})


async def test_a_lease_that_ran_out_is_taken_over_and_writes_nothing_more(database: Database) -> None:
    (id_,) = await make(database)
    (lost,) = await lease(database, "a")
    later = utc_now() + timedelta(seconds=61)
    assert await lease(database, "b", now=utc_now() + timedelta(seconds=59)) == []
    (held,) = await lease(database, "b", now=later)
    assert (held.id, held.attempt) == (id_, 2)
    async with database.session() as session:
        assert not await submissions.complete(session, lost, {"by": "a"})
        assert await submissions.fail(session, lost, "by a") == "lost"
        assert not await submissions.extend_lease(session, lost, 1000)
        assert await submissions.release(session, [lost]) == 0
    row = await get(database, id_)
    assert (row.status, row.lease_owner, row.result, row.error, row.lease_until) == (
        "running",
        "b",
        None,
        None,
        held.until,
    )
    async with database.session() as session:
        assert await submissions.complete(session, held, {"by": "b"})


async def test_a_lease_is_lost_to_the_same_owner_too(database: Database) -> None:
    await make(database)
    (old,) = await lease(database, "a")
    (new,) = await lease(database, "a", now=utc_now() + timedelta(seconds=61))
    async with database.session() as session:
        assert not await submissions.complete(session, old, {"run": 1})
        assert await submissions.complete(session, new, {"run": 2})


async def test_a_lease_that_ran_out_but_was_not_taken_still_writes(database: Database) -> None:
    await make(database)
    (held,) = await lease(database)
    async with database.session() as session:
        assert await submissions.complete(session, held, {}, utc_now() + timedelta(hours=1))


async def test_an_extended_lease_is_not_taken_over(database: Database) -> None:
    await make(database)
    (held,) = await lease(database, "a")
    now = utc_now() + timedelta(seconds=50)
    async with database.session() as session:
        assert await submissions.extend_lease(session, held, 60, now)
    assert await lease(database, "b", now=now + timedelta(seconds=59)) == []
    assert len(await lease(database, "b", now=now + timedelta(seconds=61))) == 1


async def test_a_failure_is_tried_again_later_and_a_bounded_number_of_times(database: Database) -> None:
    (id_,) = await make(database)
    now = utc_now()
    outcomes, pauses = [], []
    for _ in range(4):
        (held,) = await lease(database, now=now)
        async with database.session() as session:
            outcomes.append(await submissions.fail(session, held, "no luck", now, max_attempts=4, backoff_seconds=10))
        row = await get(database, id_)
        if row.next_attempt_at is not None:
            pauses.append((row.next_attempt_at - now).total_seconds())
            assert await lease(database, now=row.next_attempt_at - timedelta(milliseconds=1)) == []
            now = row.next_attempt_at
    assert outcomes == ["retry", "retry", "retry", "failed"]
    assert all(base / 2 <= pause <= base for base, pause in zip((10, 20, 40), pauses, strict=True))
    assert (row.status, row.error, row.attempts) == ("failed", "no luck", 4)


async def test_what_cannot_be_mended_is_not_tried_again(database: Database) -> None:
    (id_,) = await make(database)
    (held,) = await lease(database)
    async with database.session() as session:
        assert await submissions.fail(session, held, "wrong params", retry=False) == "failed"
    assert (await get(database, id_)).status == "failed"


async def test_what_ends_every_process_that_runs_it_is_failed(database: Database) -> None:
    ids = await make(database, 2)
    now = utc_now()
    for _ in range(3):
        assert len(await lease(database, now=now, max_attempts=3)) == 2
        now += timedelta(seconds=61)
    assert await lease(database, now=now, max_attempts=3) == []
    for id_ in ids:
        row = await get(database, id_)
        assert (row.status, row.error, row.attempts) == ("failed", submissions.DIED, 3)
        async with database.session(read_only=True) as session:
            (told,) = await timeline.list_for(session, id_)
        assert (told.event, told.detail) == ("failed", {"attempt": 3, "reason": "died"})


async def test_a_lease_given_back_does_not_count(database: Database) -> None:
    (id_,) = await make(database)
    held = await lease(database, "a")
    async with database.session() as session:
        assert await submissions.release(session, held) == 1
    assert (await get(database, id_)).attempts == 0
    (again,) = await lease(database, "b")
    assert again.attempt == 1
    async with database.session() as session:
        assert not await submissions.complete(session, held[0], {"by": "a"})
        assert await submissions.complete(session, again, {"by": "b"})


async def test_a_page_has_no_texts(database: Database) -> None:
    await make(database)
    async with database.session(read_only=True) as session:
        (row,) = (await submissions.list_page(session, status="pending", form="f")).items
        assert (await submissions.list_page(session, status="complete")).items == []
    with pytest.raises(SQLAlchemyError):
        _ = row.text


@pytest.mark.parametrize(
    "change",
    [
        "status = 'nonsense'",
        "status = 'running'",
        "status = 'complete', next_attempt_at = NULL",
        "status = 'failed', next_attempt_at = NULL",
        "next_attempt_at = NULL",
        "lease_owner = 'me'",
        "attempts = -1",
        "text = NULL",
    ],
)
async def test_the_database_refuses_what_makes_no_sense(database: Database, change: str) -> None:
    await make(database)
    with pytest.raises(IntegrityError):
        async with database.session() as session:
            await session.execute(text(f"UPDATE submissions SET {change}"))


@pytest.mark.slow
async def test_no_submission_is_leased_by_two_processes(database: Database, actors: Actors) -> None:
    ids = await make(database, 200)
    for _ in range(3):
        actors.add("work", "4", "60")
    done = [line.split() for lines in actors.results() for line in lines]
    assert sorted(id_ for id_, _ in done) == sorted(map(str, ids))
    assert {attempt for _, attempt in done} == {"1"}
    async with database.session(read_only=True) as session:
        assert await session.scalar(text("SELECT count(*) FROM submissions WHERE status = 'complete'")) == 200


async def test_the_leases_of_a_killed_process_are_taken_over(database: Database, actors: Actors) -> None:
    ids = await make(database, 10)
    actors.add("hold", "6", "30")
    actors.start()
    held = actors.line().split()
    assert len(held) == 6
    actors.kill()
    assert len(await lease(database, "other", limit=10, now=utc_now() - timedelta(seconds=5))) == 0
    others = await lease(database, "other", limit=10)
    assert {str(one.id) for one in others} == set(map(str, ids)) - set(held)
    later = await lease(database, "other", now=utc_now() + timedelta(seconds=31))
    assert sorted(str(one.id) for one in later) == sorted(held)
    assert {one.attempt for one in later} == {2}


async def test_a_process_killed_in_a_transaction_leaves_nothing(database: Database, actors: Actors) -> None:
    actors.add("die_inside")
    actors.start()
    assert actors.line() == "inside"
    actors.kill()
    await make(database)
    async with database.session(read_only=True) as session:
        assert await session.scalar(text("SELECT count(*) FROM submissions")) == 1


@pytest.mark.slow
async def test_eight_processes_write_at_once_and_none_is_locked_out(database: Database, actors: Actors) -> None:
    for _ in range(8):
        actors.add("write", "25")
    assert actors.results() == [["25"]] * 8
    async with database.session(read_only=True) as session:
        assert await session.scalar(text("SELECT count(*) FROM submissions")) == 200
