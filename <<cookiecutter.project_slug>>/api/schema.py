"""Whether the application's schema is up to date; in development it is brought up to date while the API serves."""

from __future__ import annotations

import asyncio
import logging

from api.settings import ApiSettings
from db.schema import schema_problem
from db.session import Database, DatabaseUnavailableError

logger = logging.getLogger("api.schema")

_AGAIN_SECONDS = 2.0


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
