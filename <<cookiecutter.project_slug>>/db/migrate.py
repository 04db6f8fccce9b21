"""Bringing the schema up to date: at start in development, by `python -m db migrate` in production.

However many processes do it at once, each step is done once: PostgreSQL's advisory lock, or SQLite's writer lock, is
held from before the version is read until the commit. A step that fails leaves nothing behind, on both.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from db.entities import metadata
from db.session import Database, DatabaseUnavailableError, make_engine, why_unavailable
from settings import Settings

# Any number will do that nothing else in the same PostgreSQL database locks.
LOCK = 7_205_759_403_792_794

# Several processes may wait for the one that migrates.
PATIENCE_SECONDS = 120.0


def wait_for_others(connection: Connection) -> None:
    """Hold the lock of migrations until the transaction ends; SQLite's writer lock is held from its beginning."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """Return the revision that this code is written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("db/migrations/versions holds no revision.")
    return head


def is_known(revision: str) -> bool:
    """Return whether this code has the revision: a newer release's may be there, and then there is no way up."""
    return any(script.revision == revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


async def _run(settings: Settings, step: str, revision: str) -> tuple[str | None, str | None]:
    """Run Alembic's upgrade or downgrade in one transaction; return the revision before and after."""

    def work(connection: Connection) -> tuple[str | None, str | None]:
        wait_for_others(connection)
        before = _current(connection)
        getattr(command, step)(_config(connection), revision)
        return before, _current(connection)

    patient = settings.model_copy(
        update={"database_timeout_seconds": max(PATIENCE_SECONDS, settings.database_timeout_seconds)}
        if settings.uses_sqlite
        else {}
    )
    # Without foreign keys, since SQLite changes a table by making it anew and dropping the old one.
    engine = make_engine(patient, pooled=False, foreign_keys=False)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    except Exception as error:
        if reason := why_unavailable(error):
            raise DatabaseUnavailableError(f"The database is not available: {reason}.") from error
        raise
    finally:
        await engine.dispose()


async def upgrade(settings: Settings, revision: str = "head") -> tuple[str | None, str | None]:
    """Go up to a revision; return the one before (None: empty) and the one after.

    Raises:
        DatabaseUnavailableError: away, or locked for too long.
    """
    return await _run(settings, "upgrade", revision)


async def downgrade(settings: Settings, revision: str) -> tuple[str | None, str | None]:
    """Go down to a revision ("base": drop everything, "-1": one step); return the one before and the one after.

    Raises:
        DatabaseUnavailableError: away, or locked for too long.
    """
    return await _run(settings, "downgrade", revision)


async def current(database: Database) -> str | None:
    """Return the database's revision; None where nothing was migrated.

    Raises:
        DatabaseUnavailableError: away.
    """
    async with database.session(read_only=True) as session:
        return await (await session.connection()).run_sync(_current)


async def faults(database: Database) -> list[str]:
    """Say how the database differs from the models; empty when it does not.

    Raises:
        DatabaseUnavailableError: away.
    """

    def compare(connection: Connection) -> list[str]:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        revision, head = context.get_current_revision(), newest()
        if revision != head:
            return [f"it is at revision {revision or 'none'}, the code needs {head}: python -m db migrate"]
        return [_told(change) for change in compare_metadata(context, metadata())]

    async with database.session(read_only=True) as session:
        return await (await session.connection()).run_sync(compare)


def _told(change: object) -> str:
    """Say one difference; those of one column come as a list."""
    parts = change[0] if isinstance(change, list) else change
    words = [str(part) for part in parts if part is not None] if isinstance(parts, tuple) else [str(parts)]
    return " ".join(words)
