from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from db.entities.candidate import CANDIDATE_FINAL, Candidate
from db.repositories import calls, candidates, entities
from db.session import Database
from db.types import new_id

pytestmark = pytest.mark.anyio


async def make(database: Database, position: str = "baker") -> Candidate:
    async with database.session() as session:
        return await candidates.create(
            session, name="Ada", email="ada@example.com", phone="+44", position=position, cv_text="A CV"
        )


async def set_status(database: Database, row: Candidate, status: str, result: dict[str, int] | None = None) -> bool:
    async with database.session() as session:
        return await entities.set_status(session, "candidate", row.id, status, result=result)


async def get(database: Database, row: Candidate) -> Candidate:
    async with database.session(read_only=True) as session:
        found = await candidates.get(session, row.id)
    assert found is not None
    return found


async def test_a_candidate_begins_as_received(database: Database) -> None:
    row = await make(database)
    found = await get(database, row)
    assert (found.name, found.status, found.cv_text, found.result) == ("Ada", "received", "A CV", None)
    async with database.session(read_only=True) as session:
        assert await entities.exists(session, "candidate", row.id)
        assert not await entities.exists(session, "submission", row.id)
        assert not await entities.exists(session, "candidate", new_id())
        assert await candidates.get(session, new_id()) is None


@pytest.mark.parametrize("final", CANDIDATE_FINAL)
async def test_a_final_status_stays(database: Database, final: str) -> None:
    row = await make(database)
    assert await set_status(database, row, "in_progress")
    assert await set_status(database, row, final, {"score": 7})
    for late in {"in_progress", "received", "expired", "failed"} - {final}:
        assert not await set_status(database, row, late, {"score": 0})
    assert await set_status(database, row, final)
    found = await get(database, row)
    assert (found.status, found.result) == (final, {"score": 7})
    assert found.updated_at > found.created_at


async def test_a_status_that_is_none_is_refused(database: Database) -> None:
    row = await make(database)
    with pytest.raises(IntegrityError):
        await set_status(database, row, "nonsense")


async def test_a_page_is_filtered_and_has_no_cv(database: Database) -> None:
    baker, cook = await make(database, "baker"), await make(database, "cook")
    await set_status(database, cook, "in_progress")
    async with database.session(read_only=True) as session:
        by_position = (await candidates.list_page(session, position="baker")).items
        by_status = (await candidates.list_page(session, status="in_progress")).items
    assert [row.id for row in by_position] == [baker.id]
    assert [row.id for row in by_status] == [cook.id]
    with pytest.raises(SQLAlchemyError):
        _ = by_position[0].cv_text


async def test_an_erased_candidate_takes_the_calls_along(database: Database) -> None:
    gone, stays = await make(database), await make(database)
    async with database.session() as session:
        for row in (gone, stays):
            await calls.record(session, candidate_id=row.id, call_sid="CA1", status="completed", transcript="Hello.")
    async with database.session() as session:
        assert await entities.erase(session, gone.id)
    async with database.session(read_only=True) as session:
        assert await candidates.get(session, gone.id) is None
        assert await calls.get(session, gone.id, "CA1") is None
        assert await calls.get(session, stays.id, "CA1") is not None
