from __future__ import annotations

import asyncio
import sqlite3
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db import testing
from db.repositories import submissions
from db.session import Database, DatabaseUnavailableError
from db.types import new_id
from settings import Settings

pytestmark = pytest.mark.anyio


async def count(database: Database) -> int:
    async with database.session(read_only=True) as session:
        return len((await submissions.list_page(session)).items)


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """A server that takes connections and never says a word; gives its port."""
    opened: list[asyncio.StreamWriter] = []

    async def take(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        for writer in opened:
            writer.close()
        server.close()


async def test_a_session_is_one_transaction(database: Database) -> None:
    async def fail() -> None:
        async with database.session() as session:
            await submissions.create(session, form="f", email="e", text="t")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await count(database) == 0
    async with database.session() as session:
        await submissions.create(session, form="f", email="e", text="t")
    assert await count(database) == 1


async def test_a_read_only_session_cannot_write(database: Database) -> None:
    with pytest.raises(DatabaseUnavailableError):
        async with database.session(read_only=True) as session:
            await submissions.create(session, form="f", email="e", text="t")
    # The connection is as good as before, for both.
    async with database.session() as session:
        await submissions.create(session, form="f", email="e", text="t")
    assert await count(database) == 1


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    async with asyncio.timeout(60), database.session() as session:
        await submissions.create(session, form="f", email="e", text="t")
        assert await count(database) == 0


async def test_many_tasks_write_at_once(database: Database) -> None:
    async def write() -> None:
        async with database.session() as session:
            await submissions.list_page(session, limit=1)
            await submissions.create(session, form="f", email="e", text="t")

    await asyncio.gather(*(write() for _ in range(100)))
    assert await count(database) == 50
    async with database.session(read_only=True) as session:
        assert await session.scalar(text("SELECT count(*) FROM submissions")) == 100


async def test_cancelled_writers_leave_nothing_behind(database: Database) -> None:
    async def write() -> None:
        async with database.session() as session:
            await submissions.create(session, form="f", email="e", text="cancelled")
            await asyncio.sleep(60)

    tasks = [asyncio.create_task(write()) for _ in range(5)]
    await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(60), database.session() as session:
        await submissions.create(session, form="f", email="e", text="t")
    assert await count(database) == 1


async def test_a_write_that_was_cut_off_keeps_no_lock(database: Database) -> None:
    """A cancelled task's traceback may keep its unfinished statement for long; others must be able to write."""
    async with database.session() as session:
        row = await submissions.create(session, form="f", email="e", text="t")
    unfinished: list[Any] = []

    async def write() -> None:
        async with database.session() as session:
            connection = await session.connection()
            update = "UPDATE submissions SET form = 'cut off' RETURNING id"
            if database.is_sqlite:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                unfinished.append(await driver.execute(update))
            else:
                unfinished.append(await connection.exec_driver_sql(update))
            # What SQLAlchemy does to a connection whose task is cancelled.
            await connection.invalidate()
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await write()
    async with asyncio.timeout(60), database.session() as session:
        await submissions.create(session, form="f", email="e", text="t")
        found = await submissions.get(session, row.id)
    assert found is not None
    assert found.form == "f"
    assert len(unfinished) == 1


async def test_a_row_that_the_database_refuses_is_not_quoted(database: Database) -> None:
    with pytest.raises(IntegrityError) as caught:
        async with database.session() as session:
            await session.execute(
                text("INSERT INTO submissions (id, form, email, text) VALUES (:id, :name, :name, :name)"),
                {"id": new_id().hex, "name": "Ada Lovelace"},
            )
    told = "".join(traceback.format_exception(caught.value))
    assert "NOT NULL" in told.upper() or "not-null" in told
    assert "Lovelace" not in told


async def test_ping_answers(database: Database) -> None:
    await database.ping()


async def test_a_database_that_is_away_is_told_in_one_kind_of_error() -> None:
    database = Database(testing.settings_for("postgresql://me:hunter2@127.0.0.1:1/app"))
    try:
        for attempt in (database.ping(), count(database)):
            with pytest.raises(DatabaseUnavailableError) as caught:
                await attempt
            assert str(caught.value) == "The database is not available: no connection (ConnectionRefusedError)."
    finally:
        await database.dispose()


async def test_a_database_that_says_nothing_is_given_up_on() -> None:
    async with silent_server() as port:
        url = f"postgresql://me@127.0.0.1:{port}/app"
        database = Database(testing.settings_for(url, database_timeout_seconds=0.5))
        try:
            async with asyncio.timeout(60):
                with pytest.raises(DatabaseUnavailableError, match="in time"):
                    await database.ping(0.2)
                with pytest.raises(DatabaseUnavailableError):
                    await count(database)
        finally:
            await database.dispose()


async def test_a_database_without_tables_is_not_available(kind: str, tmp_path: Path) -> None:
    async with testing.empty_database(kind, tmp_path) as url:
        database = Database(testing.settings_for(url))
        try:
            with pytest.raises(DatabaseUnavailableError):
                await count(database)
        finally:
            await database.dispose()


@pytest.mark.parametrize("kind", ["sqlite"], indirect=False)
async def test_a_locked_file_is_waited_for_then_not_available(settings: Settings) -> None:
    database = Database(settings.model_copy(update={"database_timeout_seconds": 0.3}))
    other = sqlite3.connect(settings.sqlite_path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailableError, match="database is locked"):
            async with database.session() as session:
                await submissions.create(session, form="f", email="e", text="t")
        assert await count(database) == 0
        other.execute("COMMIT")
        async with database.session() as session:
            await submissions.create(session, form="f", email="e", text="t")
        assert await count(database) == 1
    finally:
        other.close()
        await database.dispose()


@pytest.mark.parametrize("kind", ["sqlite"], indirect=False)
async def test_a_sqlite_file_is_durable_and_checked(database: Database) -> None:
    for read_only in (False, True):
        async with database.session(read_only=read_only) as session:
            pragmas = {
                name: await session.scalar(text(f"PRAGMA {name}"))
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "query_only")
            }
        full, milliseconds = 2, int(database.settings.database_timeout_seconds * 1000)
        expected = {"journal_mode": "wal", "synchronous": full, "foreign_keys": 1, "busy_timeout": milliseconds}
        assert pragmas == expected | {"query_only": int(read_only)}
