"""Plays single activities: the real ones, on a real database, with real tools against servers of their own."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import delete, select
from temporalio.api.failure.v1 import Failure
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from db import testing
from db.models import Call, Candidate, Effect, TimelineEvent
from db.repositories import candidates, effects, timeline
from db.session import Database
from db.types import utc_now
from raw_runtime.result import RunResult
from settings import Settings
from workflows.temporal.activities import Activities
from workflows.temporal.activities.ledger import LONGEST
from workflows.temporal.resources import Runner

ArgumentT = TypeVar("ArgumentT")
ResultT = TypeVar("ResultT")

# What no error may tell: words that occur nowhere else.
PERSON: Mapping[str, str] = {
    "name": "Quillfeather Zachariasson",
    "email": "quill.zach@example.org",
    "phone": "+49 30 9018220",
    "position": "Backend Engineer",
    "cv_text": "Quillfeather Zachariasson\nXylographer in Snoring-on-Sea, with Python and PostgreSQL since 2015.",
}
PRIVATE = ("Quillfeather", "quill.zach", "9018220", "Xylographer", "Snoring")
RECRUITER = "recruiter@example.net"


class NoRunner:
    """For activities that run nothing."""

    async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:
        """Refuse."""
        raise AssertionError(f"nothing runs here: {name} {params} {timeout}")

    async def aclose(self) -> None:
        """End nothing."""


@dataclass
class Stage:
    """A database with one candidate, and where the tools write to."""

    settings: Settings
    database: Database
    candidate_id: str
    beats: int = 0
    environments: list[ActivityEnvironment] = field(default_factory=list)

    @property
    def id(self) -> uuid.UUID:
        """The candidate's id."""
        return uuid.UUID(self.candidate_id)

    @property
    def workflow_id(self) -> str:
        """The id of the candidate's process."""
        return f"hiring-{self.candidate_id}"

    def key(self, name: str) -> str:
        """Return an idempotency key, as the process makes them."""
        return f"{self.workflow_id}:{name}"

    def activities(self, runner: Runner | None = None, **changes: Any) -> Activities:
        """Return the activities, with other settings where some are given."""
        settings = testing.settings_for(self.settings.database_url, **{**self._given(), **changes})
        return Activities(settings, self.database, runner or NoRunner())

    def _given(self) -> dict[str, Any]:
        return {name: getattr(self.settings, name) for name in self.settings.model_fields_set - {"database_url"}}

    async def act(
        self,
        activity: Callable[[ArgumentT], Awaitable[ResultT]],
        argument: ArgumentT,
        *,
        client: Client | None = None,
        activity_id: str = "1",
    ) -> ResultT:
        """Run an activity as a worker does."""
        environment = ActivityEnvironment(client)
        environment.info = dataclasses.replace(
            ActivityEnvironment.default_info(), workflow_id=self.workflow_id, activity_id=activity_id
        )

        def beat(*_: Any) -> None:
            self.beats += 1

        environment.on_heartbeat = beat
        self.environments.append(environment)
        return await environment.run(activity, argument)

    async def refusal(
        self, activity: Callable[[ArgumentT], Awaitable[Any]], argument: ArgumentT, **options: Any
    ) -> ApplicationError:
        """Run an activity that fails, and return its error, which tells nothing private."""
        try:
            await self.act(activity, argument, **options)
        except ApplicationError as error:
            check_private(error)
            return error
        raise AssertionError("it did not fail")

    async def row(self) -> Candidate:
        """Return the candidate."""
        async with self.database.session(read_only=True) as session:
            row = await candidates.get(session, self.id)
        assert row is not None
        return row

    async def change(self, **values: Any) -> None:
        """Change what is stored of the candidate."""
        async with self.database.session() as session:
            row = await candidates.get(session, self.id)
            assert row is not None
            for name, value in values.items():
                setattr(row, name, value)

    async def erase(self) -> None:
        """Remove the candidate, and everything else."""
        await testing.empty_tables(self.database)

    async def erase_effects(self) -> None:
        """Forget every effect, as if its worker had ended before it could settle it."""
        async with self.database.session() as session:
            await session.execute(delete(Effect))

    async def erase_calls(self) -> None:
        """Forget every call."""
        async with self.database.session() as session:
            await session.execute(delete(Call))

    async def erase_timeline(self) -> None:
        """Forget every event."""
        async with self.database.session() as session:
            await session.execute(delete(TimelineEvent))

    async def timeline(self) -> list[tuple[str, Any]]:
        """Return the candidate's events with their details, in order."""
        async with self.database.session(read_only=True) as session:
            return [(row.event, row.detail) for row in await timeline.list_for(session, "candidate", self.id)]

    async def events(self) -> list[str]:
        """Return the names of the candidate's events, in order."""
        return [event for event, _ in await self.timeline()]

    async def effect(self, key: str) -> str | None:
        """Return the status of an effect; None if it was never begun, or was taken back."""
        async with self.database.session(read_only=True) as session:
            found = await effects.get(session, key)
        return None if found is None else found.status

    async def claim(self, key: str, kind: str, ago: timedelta = LONGEST) -> None:
        """Claim an effect as a worker did that was killed before it could settle it."""
        async with self.database.session() as session:
            await effects.begin(session, key, kind, "candidate", self.id, utc_now() - ago)

    async def sids(self) -> list[str]:
        """Return the calls that are known."""
        async with self.database.session(read_only=True) as session:
            return list(await session.scalars(select(Call.call_sid).where(Call.candidate_id == self.id)))

    def mails(self) -> list[EmailMessage]:
        """Return the mails that were written to files."""
        files = sorted((self.settings.dev_path / "outbox").glob("*.eml"))
        return [_message(path) for path in files]

    def calls(self) -> list[dict[str, Any]]:
        """Return the calls that were written to files."""
        return [json.loads(path.read_text()) for path in (self.settings.dev_path / "calls").glob("*.json")]

    def notices(self) -> list[str]:
        """Return the texts that were written to Slack's file."""
        path = self.settings.dev_path / "slack.jsonl"
        return [json.loads(line)["text"] for line in path.read_text().splitlines()] if path.exists() else []


def _message(path: Path) -> EmailMessage:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def check_private(error: BaseException) -> None:
    """Look at what Temporal would store of an error: the whole chain, with its stack traces."""
    failure = Failure()
    pydantic_data_converter.failure_converter.to_failure(error, pydantic_data_converter.payload_converter, failure)
    told = f"{error} {failure}"
    assert not [word for word in PRIVATE if word in told], told


async def add_candidate(database: Database, **changes: Any) -> str:
    """Store a candidate; return the id."""
    async with database.session() as session:
        given: dict[str, Any] = {**PERSON, **changes}
        return str((await candidates.create(session, **given)).id)


@asynccontextmanager
async def stage(url: str, folder: Path) -> AsyncIterator[Stage]:
    """Give a stage on a migrated database, whose rows go."""
    settings = testing.settings_for(url, dev_folder=folder / "dev", recruiter_email=RECRUITER)
    database = Database(settings)
    try:
        await testing.empty_tables(database)
        yield Stage(settings, database, await add_candidate(database))
    finally:
        await database.dispose()
