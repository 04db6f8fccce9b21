from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from db.entities.candidate import Candidate
from db.repositories import candidates
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
        return await candidates.set_status(session, row.id, status, result=result)


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
        assert await candidates.exists(session, row.id)
        assert not await candidates.exists(session, new_id())
        assert await candidates.get(session, new_id()) is None


async def test_a_final_status_stays(database: Database) -> None:
    row = await make(database)
    assert await set_status(database, row, "in_progress")
    assert await set_status(database, row, "completed", {"score": 7})
    for late in ("in_progress", "expired", "received"):
        assert not await set_status(database, row, late, {"score": 0})
    assert await set_status(database, row, "completed")
    found = await get(database, row)
    assert (found.status, found.result) == ("completed", {"score": 7})
    assert found.updated_at > found.created_at


async def test_a_status_of_nobody_and_no_status_at_all(database: Database) -> None:
    row = await make(database)
    with pytest.raises(IntegrityError):
        await set_status(database, row, "nonsense")
    async with database.session() as session:
        assert not await candidates.set_status(session, new_id(), "completed")


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


async def test_parts_of_a_result_do_not_overwrite_each_other(database: Database) -> None:
    row = await make(database)

    async def set_part(name: str, value: Any) -> bool:
        async with database.session() as session:
            return await candidates.set_result_part(session, row.id, name, value)

    names = [f"part {number}" for number in range(12)]
    assert await asyncio.gather(*(set_part(name, {"n": name, "text": "é\x00"}) for name in names)) == [True] * 12
    found = await get(database, row)
    assert found.result is not None
    assert sorted(found.result) == sorted(names)
    assert found.result["part 3"] == {"n": "part 3", "text": "é\ufffd"}
    assert found.updated_at > found.created_at
    await set_part("part 3", None)
    found = await get(database, row)
    assert found.result is not None
    assert found.result["part 3"] is None


async def test_a_part_set_in_a_session_that_holds_the_row_is_seen_there(database: Database) -> None:
    row = await make(database)
    async with database.session() as session:
        held = await candidates.get(session, row.id)
        assert held is not None
        await candidates.set_status(session, row.id, "in_progress", result={"a": 1})
        assert await candidates.set_result_part(session, row.id, "b", 2)
        assert held.result == {"a": 1, "b": 2}
        assert not await candidates.set_result_part(session, new_id(), "b", 2)
