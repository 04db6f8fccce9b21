"""Is the database's schema the one this code needs? Asked without Alembic, whose import takes most of a second."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from sqlalchemy import text

import db
from api.settings import ApiSettings
from db.session import Database, DatabaseUnavailableError

logger = logging.getLogger("api.schema")

_VERSIONS = Path(db.__file__).parent / "migrations" / "versions"
_AGAIN_SECONDS = 2.0


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


class SchemaGuard:
    """Knows whether the schema is up to date; in development it brings it up to date first."""

    def __init__(self, database: Database, settings: ApiSettings) -> None:
        self.problem: str | None = "it has not been looked at yet"
        self._database = database
        self._settings = settings
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look once; when the schema is not right, or the database away, go on trying while the application serves."""
        if not await self._look():
            self._task = asyncio.create_task(self._look_again(), name="schema")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look_again(self) -> None:
        while not await self._look():
            await asyncio.sleep(_AGAIN_SECONDS)
        logger.info("schema is up to date now")

    async def _look(self) -> bool:
        try:
            self.problem = await schema_problem(self._database)
        except DatabaseUnavailableError as error:
            self.problem = f"it could not be read ({error}); python -m db migrate makes it"
        if self.problem is not None and self._settings.migrate_at_start:
            await self._migrate()
        return self.problem is None

    async def _migrate(self) -> None:
        from db import migrate

        try:
            before, after = await migrate.upgrade(self._settings)
        except DatabaseUnavailableError:
            return
        except Exception as error:
            # A broken migration must not end a process that can still say what is wrong.
            logger.exception("migration failed")
            self.problem = f"its migration failed ({type(error).__name__}); the log says where"
            return
        logger.info("schema migrated", extra={"fields": {"before": before, "after": after}})
        self.problem = None
