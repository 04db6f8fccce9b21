from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy.exc import StatementError

from db.entities.submission import Submission
from db.repositories import entities, submissions
from db.session import Database
from db.types import clean_json, clean_text, new_id, utc_now

pytestmark = pytest.mark.anyio

HOSTILE = "a\x00b\ud800c\udfff \U0001f600 \u202e"


async def new_row(database: Database, **values: Any) -> Submission:
    given: dict[str, Any] = {"form": "f", "email": "e", "text": "t"} | values
    async with database.session() as session:
        return await submissions.create(session, **given)


async def read(database: Database, row: Submission) -> Submission:
    async with database.session(read_only=True) as session:
        found = await submissions.get(session, row.id)
    assert found is not None
    return found


def test_ids_are_uuid7_and_sort_by_the_time_they_were_made() -> None:
    ids = [new_id() for _ in range(10_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert {made.version for made in ids} == {7}


async def test_a_time_comes_back_aware_and_in_utc(database: Database) -> None:
    there = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    async with database.session() as session:
        row = await submissions.create(session, form="", email="", text="", now=there)
    found = await read(database, row)
    assert found.created_at == there
    assert found.created_at.tzinfo is UTC
    assert found.created_at.microsecond == 123456


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="time zone"):
        async with database.session() as session:
            await submissions.lease_batch(session, "me", 1, 1, datetime(2026, 1, 1))  # noqa: DTZ001


async def test_text_that_no_database_can_store_is_stored_cleaned(database: Database) -> None:
    row = await new_row(database, form=HOSTILE, text=HOSTILE * 1000)
    found = await read(database, row)
    assert found.form == clean_text(HOSTILE) == "a\ufffdb\ufffdc\ufffd \U0001f600 \u202e"
    assert found.text == clean_text(HOSTILE) * 1000


async def test_text_that_no_database_can_store_can_be_searched_for(database: Database) -> None:
    await new_row(database, form=HOSTILE)
    async with database.session(read_only=True) as session:
        assert len((await submissions.list_page(session, form=HOSTILE)).items) == 1
        assert (await submissions.list_page(session, form="'; DROP TABLE submissions; --")).items == []


async def test_json_keeps_its_order_and_loses_only_what_cannot_be_stored(database: Database) -> None:
    row = await new_row(database)
    result = {"z": 1, HOSTILE: [HOSTILE, math.nan, math.inf, 1.5, None, True], "a": {"big": 10**30}, "t": (1, 2)}
    async with database.session() as session:
        assert await entities.set_status(session, "submission", row.id, "pending", result=result)
    found = await read(database, row)
    assert found.result == clean_json(result)
    assert list(found.result or {}) == ["z", clean_text(HOSTILE), "a", "t"]
    assert found.result is not None
    assert found.result[clean_text(HOSTILE)][1:3] == [None, None]


def test_now_is_aware() -> None:
    assert utc_now().tzinfo is UTC
