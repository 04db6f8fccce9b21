"""Engines and sessions: one transaction a session, short, and one exception when the database is away."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool

from settings import Settings

# Shown by PostgreSQL's pg_stat_activity.
APPLICATION = "coordinator"

# SQLSTATEs after which the same request may succeed a little later: connection lost, serialisation failure or deadlock,
# resources, operator intervention, system error, a standby that only reads, and a schema that is being migrated.
_TRANSIENT_CLASSES = ("08", "40", "53", "57", "58")
_TRANSIENT_STATES = ("25006", "42P01", "42703", "3D000", "28000", "28P01")


class DatabaseUnavailableError(Exception):
    """The database did not do the work, and may later. Nothing was kept, unless the connection broke at the commit."""


def why_unavailable(error: BaseException) -> str | None:
    """Return a plain reason if the error means that the database is away or busy; None if the caller is at fault."""
    if isinstance(error, PoolTimeout):
        return "no connection was free in time"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, OSError):
        return f"no connection ({type(error).__name__})"
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or "")
        if error.connection_invalidated or isinstance(error, (InterfaceError, OperationalError)):
            # SQLite's words name the fault and never a value; PostgreSQL's may quote one.
            return str(error.orig) if isinstance(error.orig, sqlite3.Error) else _name_of(error)
        if "InvalidCachedStatement" in type(error.orig).__name__:
            return "its schema was just changed"
        if state[:2] in _TRANSIENT_CLASSES or state in _TRANSIENT_STATES:
            return _name_of(error)
        return None
    return type(error).__name__ if _is_bare_driver_error(error) else None


def _name_of(error: DBAPIError) -> str:
    """Name the driver's own error, which SQLAlchemy wraps twice."""
    return type(getattr(error.orig, "__cause__", None) or error.orig or error).__name__


def _is_bare_driver_error(error: BaseException) -> bool:
    """While it connects, asyncpg's own errors arrive unwrapped."""
    return str(getattr(error, "sqlstate", "") or "")[:2] in (*_TRANSIENT_CLASSES, "28", "3D")


class _SqliteConnection(sqlite3.Connection):
    def close(self) -> None:
        """Give the locks back, then close.

        SQLite itself keeps a closed connection, and its write lock, for as long as a statement of it is unfinished. A
        task that is cancelled while it writes leaves one behind, which lives on in a traceback until it is collected.
        """
        with suppress(sqlite3.Error):  # closed already
            self.rollback()
        super().close()


def make_url_of(settings: Settings) -> URL:
    """Return the URL to connect to; the folder of a SQLite file is made."""
    url = make_url(settings.database_url)
    if settings.uses_sqlite:
        settings.sqlite_path.parent.mkdir(parents=True, exist_ok=True)
        url = url.set(database=str(settings.sqlite_path))
    return url


def make_engine(
    settings: Settings, *, writes: bool = True, pooled: bool = True, foreign_keys: bool = True
) -> AsyncEngine:
    """Return an engine. SQLite's writers take the lock as they begin, its readers can only read."""
    url = make_url_of(settings)
    seconds = settings.database_timeout_seconds
    options: dict[str, Any] = {"pool_timeout": seconds} if pooled else {"poolclass": NullPool}
    if not settings.uses_sqlite:
        connect: dict[str, Any] = {"timeout": seconds, "server_settings": {"application_name": APPLICATION}}
        if pooled:
            connect["command_timeout"] = seconds
            options |= {
                "pool_size": settings.database_pool_size,
                "max_overflow": settings.database_max_overflow,
                "pool_recycle": 1800,
            }
        return create_async_engine(url, connect_args=connect, hide_parameters=True, **options)

    if pooled:
        # One writer a process: its tasks queue in order here, and only processes compete for the file's lock.
        options |= {"pool_size": 1 if writes else settings.database_pool_size, "max_overflow": 0}
    # isolation_level None: the driver begins nothing by itself, the listener below does.
    connect = {"timeout": seconds, "isolation_level": None, "factory": _SqliteConnection}
    engine = create_async_engine(url, connect_args=connect, hide_parameters=True, **options)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        _use_wal(cursor, seconds)
        # FULL: what was acknowledged survives a power cut too.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.execute(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer that read first could not take the lock later without failing, so it takes it now.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _use_wal(cursor: Any, seconds: float) -> None:
    """Switch the file to WAL once; that needs the file alone, and SQLite does not wait for it by itself."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            cursor.execute("PRAGMA journal_mode")
            if cursor.fetchone()[0] == "wal":
                return
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.fetchall()
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


class Database:
    """The database of one process; make it in the event loop that uses it, after any fork."""

    def __init__(self, settings: Settings) -> None:
        """Connect nothing yet: the process must start with the database away."""
        self.settings = settings
        self.engine = make_engine(settings)
        # One for each connection that is kept open, for work that rather waits than opens a further one.
        self.slots = asyncio.Semaphore(settings.database_pool_size)
        self._reader = (
            make_engine(settings, writes=False)
            if settings.uses_sqlite
            else self.engine.execution_options(postgresql_readonly=True)
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._read_sessions = async_sessionmaker(self._reader, expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a SQLite file."""
        return self.settings.uses_sqlite

    @asynccontextmanager
    async def session(self, *, read_only: bool = False) -> AsyncIterator[AsyncSession]:
        """Give a session in one transaction: committed at the end, rolled back on any error.

        On SQLite a writing session holds the file's only write lock, and a second one inside it would wait for itself:
        keep it short, await nothing but the database in it, and open no session within a session.

        Args:
            read_only: for reads: on SQLite it waits for no writer, and on both a write fails.

        Raises:
            DatabaseUnavailableError: away, busy for too long, or not migrated. Other errors pass as they are.
        """
        try:
            async with (self._read_sessions if read_only else self._sessions)() as session, session.begin():
                yield session
        except Exception as error:
            if reason := why_unavailable(error):
                raise DatabaseUnavailableError(f"The database is not available: {reason}.") from error
            if isinstance(error, DBAPIError):
                # The driver's own error quotes the row that it refused, which logs must not hold.
                raise error from None
            raise

    async def ping(self, timeout: float = 2.0) -> None:
        """Ask the database for one row.

        Raises:
            DatabaseUnavailableError: no answer within `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout), self.session(read_only=True) as session:
                await session.execute(text("SELECT 1"))
        except TimeoutError as error:
            raise DatabaseUnavailableError("The database is not available: it did not answer in time.") from error

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
        if self._reader is not self.engine:
            await self._reader.dispose()
