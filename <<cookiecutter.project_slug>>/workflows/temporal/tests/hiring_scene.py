"""A dev server, a real worker and a database of their own, and candidates put there without an API."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from temporalio.client import Client, WorkflowHandle

from db import testing
from db.models import Effect, TimelineEvent
from db.repositories import candidates, timeline
from db.session import Database
from workflows.temporal.contracts import Contract
from workflows.temporal.hiring_contracts import (
    HIRING_PROCESS,
    CalendarEvent,
    CallEvent,
    Decision,
    Durations,
    HiringInput,
    HiringResult,
    Signal,
    Withdrawal,
)
from workflows.temporal.tests.real_worker import RealWorker
from workflows.temporal.tests.servers import DevServer

CV = """Ottoline Thistlethwaite
thistlethwaite@people.example.com
Staff Engineer, Brindlewick, April 2012 - present: Python, FastAPI, PostgreSQL, Docker, Kubernetes on AWS, Django, CI/CD
English (native)
"""
# Of every candidate here, and for no history.
PRIVATE = ("Thistlethwaite", "people.example.com", "Brindlewick", "49309876", "Plumbing")

# Alembic migrates one database at a time in a process.
_MIGRATING = asyncio.Lock()


@dataclass
class Scene:
    """What runs, and what is asked of it."""

    temporal: DevServer
    client: Client
    worker: RealWorker
    database: Database
    people: int = 0

    async def begin(self, *, cv_text: str = CV) -> str:
        """Store a candidate and start the process; return the candidate's id."""
        self.people += 1
        async with self.database.session() as session:
            person = await candidates.create(
                session,
                name="Ottoline Thistlethwaite",
                email=f"thistlethwaite{self.people}@people.example.com",
                phone=f"+49309876{self.people:05d}",
                position="Plumbing",
                cv_text=cv_text,
            )
        given = HiringInput(
            entity_type="candidate",
            entity_id=str(person.id),
            durations=Durations(transcript_limit=timedelta(seconds=1)),
            call_attempts=1,
        )
        await self.client.start_workflow(
            HIRING_PROCESS, given, id=f"hiring-{person.id}", task_queue=self.worker.task_queue
        )
        return str(person.id)

    async def phone_of(self, candidate_id: str) -> str:
        """Return a candidate's number."""
        async with self.database.session(read_only=True) as session:
            row = await candidates.get(session, uuid.UUID(candidate_id))
        assert row is not None
        return row.phone

    async def signal(self, candidate_id: str, name: Signal, event: Contract) -> None:
        """Tell a process."""
        await self._handle(candidate_id).signal(name.value, event)

    async def schedule(self, candidate_id: str, *, hours: float = 0.0) -> None:
        """Say when the call is; now, unless told otherwise."""
        at = datetime.now(UTC) + timedelta(hours=hours)
        event = CalendarEvent(event_id=f"date-{uuid.uuid4()}", type="scheduled", call_time=at)
        await self.signal(candidate_id, Signal.CALENDAR, event)

    async def called(self, candidate_id: str) -> str:
        """Wait until the candidate is called; return the call's sid."""
        await self.reaches(candidate_id, "call_placed")
        [sid] = [
            (effect.detail or {})["call_sid"] for effect in await self.effects(candidate_id) if effect.kind == "call"
        ]
        return str(sid)

    async def hear(self, candidate_id: str, call_sid: str) -> None:
        """Say that a call was answered and has ended; it has no transcript."""
        event = CallEvent(event_id=f"end-{call_sid}", call_sid=call_sid, status="completed", transcript=False)
        await self.signal(candidate_id, Signal.CALL, event)

    async def decide(self, candidate_id: str) -> None:
        """Say that the candidate is hired."""
        await self.signal(candidate_id, Signal.DECISION, Decision(event_id="decision", decision="approve"))

    async def withdraw(self, candidate_id: str) -> None:
        """Say that the candidate does not want to go on."""
        await self.signal(candidate_id, Signal.WITHDRAWAL, Withdrawal(event_id="withdrawal"))

    async def timeline(self, candidate_id: str) -> list[TimelineEvent]:
        """Return what happened, in order."""
        async with self.database.session(read_only=True) as session:
            return await timeline.list_for(session, uuid.UUID(candidate_id))

    async def events(self, candidate_id: str) -> list[str]:
        """Return the names of what happened, in order."""
        return [event.event for event in await self.timeline(candidate_id)]

    async def effects(self, candidate_id: str) -> list[Effect]:
        """Return the ledger's rows."""
        async with self.database.session(read_only=True) as session:
            found = await session.scalars(
                select(Effect).where(Effect.belongs_to(uuid.UUID(candidate_id))).order_by(Effect.created_at)
            )
            return list(found)

    async def reaches(self, candidate_id: str, event: str, *, times: int = 1) -> None:
        """Wait for an event in the timeline."""

        async def has_reached() -> bool:
            return (await self.events(candidate_id)).count(event) >= times

        await self.until(has_reached, f"{event} in the timeline of {candidate_id}")

    async def ends(self, candidate_id: str, status: str) -> None:
        """Wait for the end of a process, and assert that it is this one."""
        handle = self._handle(candidate_id)
        async with asyncio.timeout(240):
            result: HiringResult = await handle.result()
        assert result.status == status, await self.events(candidate_id)

    async def until(self, condition: Callable[[], Awaitable[bool]], what: str, seconds: float = 150.0) -> None:
        """Wait for a condition, and not for ever."""
        deadline = time.monotonic() + seconds
        while not await condition():
            assert time.monotonic() < deadline, f"Waited {seconds:g} s for {what}.\n{self.worker.text()[-3000:]}"
            await asyncio.sleep(0.05)

    def _handle(self, candidate_id: str) -> WorkflowHandle[object, HiringResult]:
        return self.client.get_workflow_handle(f"hiring-{candidate_id}", result_type=HiringResult)


@asynccontextmanager
async def scene(temporal: DevServer, folder: Path, name: str = "hiring", **variables: str) -> AsyncIterator[Scene]:
    """Give a scene whose worker is not started yet, on a task queue of this name; end it all afterwards."""
    folder = folder / name
    folder.mkdir()
    async with AsyncExitStack() as stack:
        async with _MIGRATING:
            url = await stack.enter_async_context(testing.migrated_database("sqlite", folder))
        database = Database(testing.settings_for(url))
        worker = RealWorker(folder, temporal.address, url, **{"TEMPORAL_TASK_QUEUE": name, **variables})
        try:
            yield Scene(temporal, await temporal.client(), worker, database)
        finally:
            worker.kill()
            await database.dispose()
