"""Plays single activities: the real ones, on a real database, with real tools against servers of their own.

A `Stage` is about one entity. This one's is a parcel; a process has a stage of its own about what it is about.
"""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.api.failure.v1 import Failure
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from db import testing
from db.base import EntityRow
from db.entities import entity_type
from db.models import Effect, TimelineEvent
from db.repositories import effects, entities, timeline
from db.session import Database
from db.types import utc_now
from raw_runtime.result import RunResult
from settings import Settings
from workflows.temporal.activities import Activities
from workflows.temporal.activities.ledger import LONGEST
from workflows.temporal.resources import Resources, Runner
from workflows.temporal.tests.parcels import PRIVATE, add_parcel, make_table

ArgumentT = TypeVar("ArgumentT")
ResultT = TypeVar("ResultT")
StageT = TypeVar("StageT", bound="Stage")


class NoRunner:
    """For activities that run nothing."""

    async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:
        """Refuse."""
        raise AssertionError(f"nothing runs here: {name} {params} {timeout}")

    async def aclose(self) -> None:
        """End nothing."""


@dataclass
class Stage:
    """A database with one entity, and where the tools write to."""

    # Of the entity; the process's name; what no error may tell.
    kind: ClassVar[str] = "parcel"
    process: ClassVar[str] = "parcel"
    private: ClassVar[Iterable[str]] = PRIVATE

    settings: Settings
    database: Database
    entity_id: str = ""
    beats: int = 0
    environments: list[ActivityEnvironment] = field(default_factory=list)

    @staticmethod
    async def add(session: AsyncSession) -> str:
        """Store an entity; return its id."""
        return await add_parcel(session)

    @property
    def id(self) -> uuid.UUID:
        """The entity's id."""
        return uuid.UUID(self.entity_id)

    @property
    def whose(self) -> dict[str, Any]:
        """The entity, as contracts name it."""
        return {"entity_type": self.kind, "entity_id": self.entity_id}

    @property
    def workflow_id(self) -> str:
        """The id of the entity's process."""
        return f"{self.process}-{self.entity_id}"

    def key(self, name: str) -> str:
        """Return an idempotency key, as the process makes them."""
        return f"{self.workflow_id}:{name}"

    def resources(self, runner: Runner | None = None, **changes: Any) -> Resources:
        """Return what activities work with, with other settings where some are given."""
        given = {name: getattr(self.settings, name) for name in self.settings.model_fields_set - {"database_url"}}
        settings = testing.settings_for(self.settings.database_url, **{**given, **changes})
        return Resources(settings, self.database, runner or NoRunner())

    def activities(self, runner: Runner | None = None, **changes: Any) -> Activities:
        """Return the activities that every process may use, with other settings where some are given."""
        return Activities(self.resources(runner, **changes))

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
            check_private(error, self.private)
            return error
        raise AssertionError("it did not fail")

    async def row(self) -> EntityRow:
        """Return the entity."""
        async with self.database.session(read_only=True) as session:
            return await self._row(session)

    async def change(self, **values: Any) -> None:
        """Change what is stored of the entity."""
        async with self.database.session() as session:
            row = await self._row(session)
            for name, value in values.items():
                setattr(row, name, value)

    async def _row(self, session: AsyncSession) -> EntityRow:
        row = await session.get(entity_type(self.kind).model, self.id)
        assert row is not None
        return row

    async def erase(self) -> None:
        """Remove the entity, and everything with it."""
        async with self.database.session() as session:
            assert await entities.erase(session, self.id)

    async def erase_effects(self) -> None:
        """Forget every effect, as if its worker had ended before it could settle it."""
        async with self.database.session() as session:
            await session.execute(delete(Effect))

    async def erase_timeline(self) -> None:
        """Forget every event."""
        async with self.database.session() as session:
            await session.execute(delete(TimelineEvent))

    async def timeline(self) -> list[tuple[str, Any]]:
        """Return the entity's events with their details, in order."""
        async with self.database.session(read_only=True) as session:
            return [(row.event, row.detail) for row in await timeline.list_for(session, self.id)]

    async def events(self) -> list[str]:
        """Return the names of the entity's events, in order."""
        return [event for event, _ in await self.timeline()]

    async def effect(self, key: str) -> str | None:
        """Return the status of an effect; None if it was never begun, or was taken back."""
        async with self.database.session(read_only=True) as session:
            found = await effects.get(session, key)
        return None if found is None else found.status

    async def claim(self, key: str, kind: str, ago: timedelta = LONGEST) -> None:
        """Claim an effect as a worker did that was killed before it could settle it."""
        async with self.database.session() as session:
            await effects.begin(session, key, kind, self.kind, self.id, utc_now() - ago)

    def mails(self) -> list[EmailMessage]:
        """Return the mails that were written to files."""
        return [_message(path) for path in sorted((self.settings.dev_path / "outbox").glob("*.eml"))]

    def notices(self) -> list[str]:
        """Return the texts that were written to Slack's file."""
        path = self.settings.dev_path / "slack.jsonl"
        return [json.loads(line)["text"] for line in path.read_text().splitlines()] if path.exists() else []


def _message(path: Path) -> EmailMessage:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def check_private(error: BaseException, private: Iterable[str] = PRIVATE) -> None:
    """Look at what Temporal would store of an error: the whole chain, with its stack traces."""
    failure = Failure()
    pydantic_data_converter.failure_converter.to_failure(error, pydantic_data_converter.payload_converter, failure)
    told = f"{error} {failure}"
    assert not [word for word in private if word in told], told


@asynccontextmanager
async def staged(kind: type[StageT], url: str, folder: Path) -> AsyncIterator[StageT]:
    """Give a stage on a migrated database, whose rows go."""
    database = Database(testing.settings_for(url, dev_folder=folder / "dev"))
    try:
        await testing.empty_tables(database)
        await make_table(database)
        stage = kind(database.settings, database)
        async with database.session() as session:
            stage.entity_id = await kind.add(session)
        yield stage
    finally:
        await database.dispose()
