from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from db.repositories import calls, candidates
from db.session import Database
from db.types import utc_now

pytestmark = pytest.mark.anyio


@pytest.fixture
async def candidate_id(database: Database) -> uuid.UUID:
    async with database.session() as session:
        row = await candidates.create(session, name="n", email="e", phone="p", position="x", cv_text="cv")
    return row.id


async def record(
    database: Database, candidate_id: uuid.UUID, sid: str, status: str, transcript: str = "", *, hours: float = 0
) -> bool:
    async with database.session() as session:
        return await calls.record(
            session,
            candidate_id=candidate_id,
            call_sid=sid,
            status=status,
            transcript=transcript,
            now=utc_now() + timedelta(hours=hours),
        )


async def test_recording_says_whether_there_is_a_transcript_now(database: Database, candidate_id: uuid.UUID) -> None:
    assert not await record(database, candidate_id, "CA1", "in-progress")
    assert await record(database, candidate_id, "CA1", "in-progress", "Hello.")
    assert await record(database, candidate_id, "CA1", "completed"), "from the event before"
    assert not await record(database, candidate_id, "CA2", "completed")
    async with database.session(read_only=True) as session:
        call = await calls.get(session, candidate_id, "CA1")
    assert call is not None
    assert (call.status, call.transcript) == ("completed", "Hello.")


async def test_the_newest_call_that_has_a_transcript(database: Database, candidate_id: uuid.UUID) -> None:
    async def latest() -> str | None:
        async with database.session(read_only=True) as session:
            call = await calls.latest_with_transcript(session, candidate_id)
        return call.call_sid if call else None

    assert await latest() is None
    await record(database, candidate_id, "CA1", "completed", "First.")
    await record(database, candidate_id, "CA2", "completed", "Second.", hours=4)
    await record(database, candidate_id, "CA3", "no-answer", hours=8)
    assert await latest() == "CA2"
    await record(database, candidate_id, "CA1", "completed", "First, again.", hours=9)
    assert await latest() == "CA2", "the newest call, not the newest word of one"


async def test_calls_with_others_since_a_time(database: Database, candidate_id: uuid.UUID) -> None:
    async with database.session() as session:
        other = await candidates.create(session, name="o", email="e", phone="p", position="x", cv_text="cv")
    await record(database, candidate_id, "CA1", "completed")
    await record(database, other.id, "CA2", "completed", hours=-1)
    await record(database, other.id, "CA3", "ringing")
    async with database.session(read_only=True) as session:
        assert await calls.sids_of_others(session, candidate_id, utc_now() - timedelta(minutes=1)) == ["CA3"]


async def test_a_call_that_rings_is_not_queued_again(database: Database, candidate_id: uuid.UUID) -> None:
    for status in ("ringing", "queued"):
        await record(database, candidate_id, "CA1", status)
    async with database.session(read_only=True) as session:
        call = await calls.get(session, candidate_id, "CA1")
    assert call is not None
    assert call.status == "ringing"
