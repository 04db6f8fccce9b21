"""In development a worker brings its database up to date before it takes work, however many start at once."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from db.schema import migrate_if_needed, newest_revision, schema_problem
from db.session import Database
from workflows.temporal.tests.servers import dev_server, needs_server, settings_for, worker_process

pytestmark = [pytest.mark.anyio, pytest.mark.server]


def revision(file: Path) -> str:
    with sqlite3.connect(file) as database:
        return str(database.execute("SELECT version_num FROM alembic_version").fetchone()[0])


@needs_server
async def test_two_workers_on_an_empty_database_migrate_it_once(tmp_path: Path) -> None:
    with (
        dev_server(tmp_path) as server,
        worker_process(tmp_path, server.address, ENVIRONMENT="development") as one,
        worker_process(tmp_path, server.address, ENVIRONMENT="development") as two,
    ):
        one.spawn_only()
        two.spawn_only()
        await asyncio.gather(*(worker.reaches("/readyz", 200, 120) for worker in (one, two)))
        assert revision(tmp_path / "app.db") == newest_revision()
        assert (one.text() + two.text()).count("schema migrated") == 1


@needs_server
async def test_a_database_that_is_away_is_waited_for_and_said(tmp_path: Path) -> None:
    (tmp_path / "app.db").mkdir()
    with (
        dev_server(tmp_path) as server,
        worker_process(tmp_path, server.address, ENVIRONMENT="development") as worker,
    ):
        await worker.start(ready=False)
        async with asyncio.timeout(60):
            while "database is away" not in worker.text():
                await asyncio.sleep(0.1)
        status, body = await worker.get("/readyz")
        assert status == 503
        assert "The database is not available" in body
        (tmp_path / "app.db").rmdir()
        await worker.reaches("/readyz", 200, 120)
        assert revision(tmp_path / "app.db") == newest_revision()


@needs_server
async def test_in_production_it_leaves_the_database_alone(tmp_path: Path) -> None:
    with dev_server(tmp_path) as server, worker_process(tmp_path, server.address) as worker:
        await worker.start()
    assert not (tmp_path / "app.db").exists()


async def test_an_older_schema_is_told(tmp_path: Path) -> None:
    settings = settings_for(database_url=f"sqlite+aiosqlite:///{tmp_path / 'app.db'}")
    assert await migrate_if_needed(settings) == (None, newest_revision())
    assert await migrate_if_needed(settings) is None
    database = Database(settings)
    try:
        assert await schema_problem(database) is None
        with sqlite3.connect(tmp_path / "app.db") as connection:
            connection.execute("UPDATE alembic_version SET version_num = '0000'")
        problem = await schema_problem(database)
    finally:
        await database.dispose()
    assert problem is not None
    assert "it is at revision 0000" in problem
