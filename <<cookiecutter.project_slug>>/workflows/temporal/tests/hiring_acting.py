"""A stage for activities about a candidate."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from configuration.hiring import HiringSettings
from db.entities.candidate import Call
from db.repositories import candidates
from workflows.temporal.activities.hiring import HiringActivities
from workflows.temporal.resources import Runner
from workflows.temporal.tests.acting import Stage, staged

# What no error may tell: words that occur nowhere else.
PERSON: Mapping[str, str] = {
    "name": "Quillfeather Zachariasson",
    "email": "quill.zach@example.org",
    "phone": "+49 30 9018220",
    "position": "Backend Engineer",
    "cv_text": "Quillfeather Zachariasson\nXylographer in Snoring-on-Sea, with Python and PostgreSQL since 2015.",
}
RECRUITER = "recruiter@example.net"


def hiring_settings(**changes: Any) -> HiringSettings:
    """Return settings that take nothing from .env."""
    given: dict[str, Any] = {"_env_file": None, "recruiter_email": RECRUITER, **changes}
    return HiringSettings(**given)


@dataclass
class HiringStage(Stage):
    """A database with one candidate, and where the tools write to."""

    kind = "candidate"
    process = "hiring"

    @staticmethod
    async def add(session: AsyncSession, **changes: Any) -> str:
        """Store a candidate; return the id."""
        given: dict[str, Any] = {**PERSON, **changes}
        return str((await candidates.create(session, **given)).id)

    async def another(self, **changes: Any) -> str:
        """Store another candidate; return the id."""
        async with self.database.session() as session:
            return await self.add(session, **changes)

    def hiring(self, runner: Runner | None = None, **changes: Any) -> HiringActivities:
        """Return the activities of the process, with other settings where some are given."""
        own = {name: changes.pop(name) for name in tuple(changes) if name in HiringSettings.model_fields}
        return HiringActivities(self.resources(runner, **changes), hiring_settings(**own))

    async def erase_calls(self) -> None:
        """Forget every call."""
        async with self.database.session() as session:
            await session.execute(delete(Call))

    async def sids(self) -> list[str]:
        """Return the calls that are known."""
        async with self.database.session(read_only=True) as session:
            return list(await session.scalars(select(Call.call_sid).where(Call.candidate_id == self.id)))

    def calls(self) -> list[dict[str, Any]]:
        """Return the calls that were written to files."""
        return [json.loads(path.read_text()) for path in (self.settings.dev_path / "calls").glob("*.json")]


@asynccontextmanager
async def hiring_stage(url: str, folder: Path) -> AsyncIterator[HiringStage]:
    """Give a stage on a migrated database, whose rows go."""
    async with staged(HiringStage, url, folder) as stage:
        yield stage
