"""Whether the database can be worked with."""

from __future__ import annotations

import sqlite3
import ssl
import time
from collections.abc import Iterator

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from db import migrate
from db.session import Database, DatabaseUnavailableError
from settings import Settings
from tools.checking import Finding, State

SETTINGS = Settings

_LIMIT_SECONDS = 5.0
_UPGRADE = "python -m db migrate"

# What the errors of the driver mean, by their SQLSTATE.
_REFUSED = {
    "28P01": ("PostgreSQL refuses the user or the password.", "Put the right user and password into DATABASE_URL."),
    "28000": (
        "PostgreSQL does not let this user in from here.",
        "Correct the user in DATABASE_URL; else see pg_hba.conf: it may want ?ssl=require.",
    ),
    "3D000": ("PostgreSQL has no such database.", f"Create it, or correct DATABASE_URL; then: {_UPGRADE}"),
    "53300": ("PostgreSQL has no connection left.", "Lower DATABASE_POOL_SIZE, or raise max_connections."),
}
_NO_TLS = ("There is no trusted TLS with PostgreSQL.", "Correct ?ssl= in DATABASE_URL, or the server's certificate.")
_AWAY = ("PostgreSQL cannot be reached.", "Check host and port in DATABASE_URL, and that PostgreSQL runs there.")
_SLOW = ("The database did not answer in time.", "See whether it is overloaded, or something holds its lock.")


def state(settings: Settings) -> State:
    """Say which database is used."""
    if settings.uses_sqlite:
        return State("configured", f"State is kept in the SQLite file {settings.sqlite_path}.")
    url = make_url(settings.database_url)
    return State("configured", f"State is kept in PostgreSQL, {url.host}:{url.port or 5432}/{url.database}.")


async def check(settings: Settings) -> list[Finding]:
    """Connect, ask for one row, and compare the schema with the models; nothing is written."""
    if settings.uses_sqlite and not settings.sqlite_path.exists():
        # To look must not make a file.
        return [_pending(settings, "There is no file yet.")]
    bounded = settings.model_copy(update={"database_timeout_seconds": _LIMIT_SECONDS})
    database = Database(bounded)
    try:
        began = time.monotonic()
        await database.ping(_LIMIT_SECONDS)
        connected = time.monotonic()
        await database.ping(_LIMIT_SECONDS)
        again = time.monotonic()
        took = f"{(again - connected) * 1000:.1f} ms (the first time {(connected - began) * 1000:.0f} ms)"
        return [Finding("connection", True, f"{_name(settings)} answers in {took}."), await _schema(bounded, database)]
    except (DatabaseUnavailableError, DBAPIError) as error:
        said, remedy = _why(error, settings)
        return [Finding("connection", False, said, remedy)]
    finally:
        await database.dispose()


async def _schema(settings: Settings, database: Database) -> Finding:
    revision, head = await migrate.current(database), migrate.newest()
    if revision == head:
        if not (faults := await migrate.faults(database)):
            return Finding("schema", True, f"The schema is the newest, {head}, and as the models say.")
        said = f"The schema is at {head} but differs from the models: {faults[0]}."
        return Finding("schema", False, said, "See who changed it by hand; a backup, or a migration, brings it back.")
    if revision is not None and not migrate.is_known(revision):
        said = f"The schema is at {revision}, which this code does not know: it is of a newer release."
        return Finding("schema", False, said, "Deploy that release, or restore a backup of before it.")
    return _pending(settings, f"The schema is at {revision or 'no revision'}, the code needs {head}.")


def _pending(settings: Settings, said: str) -> Finding:
    if settings.migrate_at_start:
        return Finding("schema", True, f"{said} In development the next process that starts brings it up to date.")
    return Finding("schema", False, said, f"Bring it up to date: {_UPGRADE}")


def _why(error: Exception, settings: Settings) -> tuple[str, str]:
    """Return what is wrong and the remedy, by the driver's own error beneath."""
    for cause in _causes(error):
        if (state := str(getattr(cause, "sqlstate", None) or "")) in _REFUSED:
            return _REFUSED[state]
        if isinstance(cause, ssl.SSLError) or "SSL upgrade" in str(cause):
            return _NO_TLS
        if isinstance(cause, sqlite3.Error):
            # SQLite's words name the fault and never a value.
            return f"SQLite cannot work with its file: {cause}.", "Check DATABASE_URL, the file and who may write it."
        if isinstance(cause, TimeoutError):
            return _SLOW
        if isinstance(cause, OSError):
            return _AWAY
    said = str(error) if isinstance(error, DatabaseUnavailableError) else f"{_name(settings)} refuses what was asked."
    return said, "Check DATABASE_URL; the server's log says more."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__


def _name(settings: Settings) -> str:
    return "SQLite" if settings.uses_sqlite else "PostgreSQL"
