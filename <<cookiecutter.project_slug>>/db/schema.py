"""Is the database's schema the one this code needs? Asked without Alembic, whose import takes most of a second."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from db.session import Database, DatabaseUnavailableError
from settings import Settings

_VERSIONS = Path(__file__).parent / "migrations" / "versions"


def newest_revision() -> str:
    """Return the newest revision: the files are named by it, and sort."""
    return max(path.stem.partition("_")[0] for path in _VERSIONS.glob("[0-9]*.py"))


async def schema_problem(database: Database) -> str | None:
    """Return what is wrong with the schema, in words; None when it is the one that is needed.

    Raises:
        DatabaseUnavailableError: the database is away, or empty.
    """
    async with database.session(read_only=True) as session:
        current = await session.scalar(text("SELECT version_num FROM alembic_version"))
    needed = newest_revision()
    return None if current == needed else f"it is at revision {current}, {needed} is needed: python -m db migrate"


async def migrate_if_needed(settings: Settings) -> tuple[str | None, str | None] | None:
    """Bring the schema up to date, safely with others at once; return the revision before and after, None: it was.

    Raises:
        DatabaseUnavailableError: away, or locked for too long.
    """
    database = Database(settings)
    try:
        if await schema_problem(database) is None:
            return None
    except DatabaseUnavailableError:
        # An empty database is told so too; whether it is away, the migration will say.
        pass
    finally:
        await database.dispose()

    from db import migrate

    before, after = await migrate.upgrade(settings)
    return None if before == after else (before, after)
