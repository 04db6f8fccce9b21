"""Databases for tests: a SQLite file of their own, and databases of their own on the server of TEST_DATABASE_URL."""

from __future__ import annotations

import multiprocessing
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from db import migrate
from db.entities import metadata
from db.session import Database
from settings import Settings, SettingsT


def server_url() -> str | None:
    """Return TEST_DATABASE_URL, from the environment or .env; None if there is none, and tests run on SQLite only."""
    return Settings().test_database_url


def kinds() -> list[str]:
    """Return which databases the tests run on here."""
    return ["sqlite", "postgresql"] if server_url() else ["sqlite"]


def settings_for(url: str, **changes: Any) -> Settings:
    """Return settings that take nothing from .env."""
    return settings_of_kind(Settings, url, **changes)


def settings_of_kind(kind: type[SettingsT], url: str, **changes: Any) -> SettingsT:
    """Return settings of another kind, such as the API's, that take nothing from .env."""
    given: dict[str, Any] = {"_env_file": None, "database_url": url, "test_database_url": None, **changes}
    return kind(**given)


@asynccontextmanager
async def empty_database(kind: str, folder: Path) -> AsyncIterator[str]:
    """Give the URL of a database without tables, which goes at the end.

    Args:
        kind: "sqlite" or "postgresql".
        folder: where a SQLite file is made.
    """
    name = f"test_{secrets.token_hex(6)}"
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / name}.db"
        return
    server = server_url()
    assert server is not None, "TEST_DATABASE_URL names no server"
    await _on_server(server, f'CREATE DATABASE "{name}"')
    try:
        # str() of a URL hides the password.
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        await _on_server(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def migrated_database(kind: str, folder: Path) -> AsyncIterator[str]:
    """Give the URL of a database with all tables, which goes at the end."""
    async with empty_database(kind, folder) as url:
        await migrate.upgrade(settings_for(url))
        yield url


async def empty_tables(database: Database) -> None:
    """Remove every row."""
    async with database.session() as session:
        for table in reversed(metadata().sorted_tables):
            await session.execute(table.delete())


async def _on_server(url: str, statement: str) -> None:
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(statement))
    finally:
        await engine.dispose()


class Actors:
    """Processes that wait for each other, then all start at the same moment.

    They are forked from a process that has already imported what they need, and share nothing with each other.
    """

    def __init__(self, play: Callable[[Connection, str, tuple[str, ...]], None], url: str) -> None:
        """Set the stage.

        Args:
            play: function of a module, run in each process: sends "ready", receives anything, does what the words
                say, and sends what came of it, line by line.
            url: of the database.
        """
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([play.__module__])
        self._play = play
        self._url = url
        self._pipes: list[Connection] = []
        self.processes: list[ForkServerProcess] = []

    def add(self, *words: str) -> None:
        """Start one more process; it waits."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=self._play, args=(theirs, self._url, words), daemon=True)
        process.start()
        theirs.close()
        self._pipes.append(ours)
        self.processes.append(process)

    def start(self) -> None:
        """Wait until all are ready, then let them go."""
        for pipe in self._pipes:
            assert pipe.recv() == "ready"
        for pipe in self._pipes:
            pipe.send("go")

    def line(self, number: int = 0) -> str:
        """Wait for the next line of one process."""
        line: str = self._pipes[number].recv()
        return line

    def results(self) -> list[list[str]]:
        """Start all, wait for the end of all, and return what each sent."""
        self.start()
        return [self._lines(pipe, process) for pipe, process in zip(self._pipes, self.processes, strict=True)]

    def _lines(self, pipe: Connection, process: ForkServerProcess) -> list[str]:
        lines: list[str] = []
        try:
            while pipe.poll(60):
                lines.append(pipe.recv())
        except EOFError:
            process.join(60)
        assert process.exitcode == 0, lines
        return lines

    def kill(self, number: int = 0) -> None:
        """Kill one process as `kill -9` does."""
        self.processes[number].kill()
        self.processes[number].join()

    def end(self) -> None:
        """Kill what is left."""
        for number in range(len(self.processes)):
            self.kill(number)
        for pipe in self._pipes:
            pipe.close()
