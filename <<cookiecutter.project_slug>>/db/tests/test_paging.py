from __future__ import annotations

import uuid

import pytest

from db.repositories import submissions
from db.repositories.paging import MAX_LIMIT, CursorError, decode_cursor, encode_cursor
from db.session import Database
from db.types import new_id

pytestmark = pytest.mark.anyio


async def make(database: Database, count: int, form: str = "f") -> list[uuid.UUID]:
    async with database.session() as session:
        return [(await submissions.create(session, form=form, email="e", text="t")).id for _ in range(count)]


async def test_pages_are_stable_while_rows_are_added(database: Database) -> None:
    ids = await make(database, 25)
    seen: list[uuid.UUID] = []
    cursor: str | None = None
    sizes = []
    while True:
        async with database.session(read_only=True) as session:
            page = await submissions.list_page(session, cursor=cursor, limit=10)
        seen += [row.id for row in page.items]
        sizes.append(len(page.items))
        await make(database, 7)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ids[::-1]
    assert sizes == [10, 10, 5]


async def test_the_last_page_has_no_cursor_even_when_it_is_full(database: Database) -> None:
    await make(database, 10)
    async with database.session(read_only=True) as session:
        assert (await submissions.list_page(session, limit=10)).next_cursor is None
        assert (await submissions.list_page(session, form="none", limit=10)).items == []


@pytest.mark.parametrize(("limit", "rows"), [(0, 1), (-5, 1), (1, 1), (10**9, 3)])
async def test_a_limit_is_brought_into_its_range(database: Database, limit: int, rows: int) -> None:
    await make(database, 3)
    async with database.session(read_only=True) as session:
        assert len((await submissions.list_page(session, limit=limit)).items) == rows <= MAX_LIMIT


def test_a_cursor_is_read_back() -> None:
    made = new_id()
    assert decode_cursor(encode_cursor(made)) == made


@pytest.mark.parametrize(
    "wrong", ["", "x", "=", "====", "\x00", "\ud800", "\u00e9" * 22, "A" * 21, "A" * 23, "A" * 10_000, "../.."]
)
def test_another_cursor_is_refused(wrong: str) -> None:
    with pytest.raises(CursorError):
        decode_cursor(wrong)


def test_a_cursor_has_one_spelling() -> None:
    cursor = encode_cursor(uuid.UUID(int=0))
    assert cursor == "A" * 22
    with pytest.raises(CursorError):
        decode_cursor("A" * 21 + "B")
    with pytest.raises(CursorError):
        decode_cursor(cursor + "==")
