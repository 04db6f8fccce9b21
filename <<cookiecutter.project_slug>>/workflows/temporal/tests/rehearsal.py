"""Plays a process on the time-skipping server, with scripted activities: days pass in milliseconds.

The workflow, the server and the wire are real; what the activities do to the world is tested elsewhere. A process that
has activities of its own has a script of its own beside it, which answers those too.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from workflows.temporal.contracts import (
    STATUS_QUERY,
    Activity,
    Contract,
    ProcessInput,
    RawOutcome,
    RawRun,
    Record,
    SlackNotice,
    SweepInput,
    SweepResult,
)
from workflows.temporal.executables import TEST_SERVER, find_executable
from workflows.temporal.processes import Process
from workflows.temporal.registry import workflow_types

TASK_QUEUE = "rehearsal"
Answer = Mapping[str, Any] | Exception
PlayT = TypeVar("PlayT", bound="Rehearsal")


def refusal(message: str = "refused") -> ApplicationError:
    """Return an error that is not tried again."""
    return ApplicationError(message, type="Refused", non_retryable=True)


@dataclass
class Script:
    """What the activities answer, and what they were asked, in order.

    Attributes:
        raw: by the ids of RAW workflows, the fields of their results, or the error that a run fails with.
        refused: what is refused for good: ids of RAW workflows, kinds of notices, events.
        asked: the activities' names and arguments.
        on: called as an activity begins: the place to let a signal arrive at that very moment. Keys as in `refused`.
    """

    raw: dict[str, Answer] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    asked: list[tuple[str, Contract]] = field(default_factory=list)
    on: dict[str, Callable[[], Awaitable[Any]]] = field(default_factory=dict)

    def requests(self, kind: type[Contract]) -> list[Any]:
        """Return what activities of one kind were asked."""
        return [argument for _, argument in self.asked if isinstance(argument, kind)]

    @property
    def notices(self) -> list[str]:
        """The kinds of the notices sent, in order."""
        return [notice.kind for notice in self.requests(SlackNotice)]

    @property
    def events(self) -> list[str]:
        """The events recorded, in order."""
        return [record.event for record in self.requests(Record)]

    @property
    def last(self) -> Record:
        """What was recorded last."""
        record: Record = self.requests(Record)[-1]
        return record

    async def ask(self, name: str, argument: Contract, what: str) -> None:
        """Note what an activity is asked; `what` is its key in `on` and `refused`.

        Raises:
            ApplicationError: it is refused.
        """
        self.asked.append((name, argument))
        if hook := self.on.pop(what, None):
            await hook()
        if what in self.refused:
            raise refusal(what)

    @activity.defn(name=Activity.RUN_RAW_WORKFLOW)
    async def run_raw_workflow(self, run: RawRun) -> RawOutcome:
        """Answer as scripted."""
        await self.ask(Activity.RUN_RAW_WORKFLOW, run, run.workflow)
        answer = self.raw.get(run.workflow, {})
        if isinstance(answer, Exception):
            raise answer
        if missing := [name for name in run.keep if name not in answer]:
            raise refusal(f"the script's `raw` has no {missing[0]} of {run.workflow}")
        return RawOutcome(values={name: answer[name] for name in run.keep})

    @activity.defn(name=Activity.NOTIFY_SLACK)
    async def notify_slack(self, notice: SlackNotice) -> None:
        """Tell nobody."""
        await self.ask(Activity.NOTIFY_SLACK, notice, notice.kind)

    @activity.defn(name=Activity.RECORD)
    async def record(self, record: Record) -> None:
        """Record nothing but the request."""
        await self.ask(Activity.RECORD, record, record.event)

    @activity.defn(name=Activity.SWEEP_OUTBOX)
    async def sweep_outbox(self, given: SweepInput) -> SweepResult:
        """Find one entry."""
        await self.ask(Activity.SWEEP_OUTBOX, given, "sweep_outbox")
        return SweepResult(delivered=1)

    def activities(self) -> list[Callable[..., Any]]:
        """Return all of them, for a worker; a script with more of them adds them here."""
        return [self.run_raw_workflow, self.notify_slack, self.record, self.sweep_outbox]


@dataclass
class Rehearsal:
    """One process that is being played. Statuses and results are of the types that its workflow names."""

    environment: WorkflowEnvironment
    process: Process
    script: Script
    handle: WorkflowHandle[Any, Any]
    entity_id: str
    _events: int = 0

    async def now(self) -> datetime:
        """Return the server's time."""
        return await self.environment.get_current_time()

    async def sleep(self, **duration: float) -> None:
        """Let time pass."""
        await self.environment.sleep(timedelta(**duration))

    async def status(self) -> Any:
        """Ask the process."""
        query = workflow._Definition.must_from_class(self.process.load()).queries[STATUS_QUERY]
        return await self.handle.query(STATUS_QUERY, result_type=query.ret_type)

    async def until(self, is_met: Callable[[Any], bool]) -> Any:
        """Ask the process again and again, without letting time pass, until its status is as expected."""
        while True:
            status = await self.status()
            if is_met(status):
                return status

    async def stage(self, stage: str) -> Any:
        """Wait for a stage, and for the process to wait in it; return its status."""
        return await self.until(lambda status: status.stage == stage and status.waiting_until is not None)

    async def waits(self, stage: str, count: int = 1) -> None:
        """Wait as `stage` does, for the nth time that it is entered, but without asking the process.

        Each question makes the server hand out another workflow task, at a moment that is never the same: what is
        recorded must not ask.
        """
        async with asyncio.timeout(120):
            while self.script.events.count(stage) < count or not await self._has_begun_to_wait():
                await asyncio.sleep(0.01)

    async def _has_begun_to_wait(self) -> bool:
        """Whether the last that happened is that the process's timer was started."""
        events = (await self.handle.fetch_history()).events
        return events[-1].HasField("timer_started_event_attributes")

    async def signal(self, name: str, *, event_id: str | None = None, **fields: Any) -> None:
        """Send a signal of the process, with the fields of its payload, under an id of its own unless one is given."""
        self._events += 1
        payload = next(one.payload for one in self.process.incoming if one.signal == name)
        await self.handle.signal(str(name), payload(**{"event_id": event_id or f"event-{self._events}", **fields}))

    async def result(self) -> Any:
        """Let time pass until the process ends."""
        return await self.handle.result()

    async def began_at(self) -> datetime:
        """Return when the process began."""
        return (await self.handle.describe()).start_time

    async def ended_at(self) -> datetime:
        """Return when it ended; the server's own time is years later then, since nobody waited for anything."""
        closed = (await self.handle.describe()).close_time
        assert closed is not None
        return closed


def input_of(process: Process, entity_id: str, **given: Any) -> ProcessInput:
    """Return what a process starts with: what is given, and defaults in place of the settings of this machine."""
    [kind] = workflow._Definition.must_from_class(process.load()).arg_types or [ProcessInput]
    made: ProcessInput = kind(entity_type=process.entity, entity_id=entity_id, **given)
    return made


@asynccontextmanager
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """Give a server on which time passes as fast as nobody waits."""
    path = find_executable(TEST_SERVER)
    assert path, f"{TEST_SERVER} is not here: uv sync (it comes with the group dev)"
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=path, data_converter=pydantic_data_converter
    )
    async with environment:
        yield environment


@asynccontextmanager
async def working(client: Client, script: Script, **options: Any) -> AsyncIterator[Worker]:
    """Give a worker for the real workflows and the scripted activities."""
    given: dict[str, Any] = {
        "task_queue": TASK_QUEUE,
        "workflows": workflow_types(),
        "activities": script.activities(),
        # Else a cancelled activity learns of it at most every 16 seconds, which are real ones.
        "max_heartbeat_throttle_interval": timedelta(seconds=1),
        **options,
    }
    async with Worker(client, **given) as worker:
        yield worker


def rehearse(
    environment: WorkflowEnvironment, process: Process, script: Script | None = None, **options: Any
) -> AbstractAsyncContextManager[Rehearsal]:
    """Start a process and give it; options as of `rehearse_as`."""
    return rehearse_as(Rehearsal, environment, process, script or Script(), **options)


@asynccontextmanager
async def rehearse_as(
    kind: type[PlayT],
    environment: WorkflowEnvironment,
    process: Process,
    script: Script,
    *,
    entity_id: str | None = None,
    on: Mapping[str, Callable[[PlayT], Awaitable[Any]]] | None = None,
    **given: Any,
) -> AsyncIterator[PlayT]:
    """Start a process and give it, as a rehearsal that knows more of it.

    Args:
        kind: the rehearsal's class.
        environment: the server.
        process: which.
        script: what the activities answer.
        entity_id: a new one, unless given.
        on: what happens when an activity first begins (see Script).
        given: fields of its input, such as durations.
    """
    entity_id = entity_id or str(uuid.uuid4())
    workflow_id = process.target(uuid.UUID(entity_id))
    definition = workflow._Definition.must_from_class(process.load())
    handle: WorkflowHandle[Any, Any] = environment.client.get_workflow_handle(
        workflow_id, result_type=definition.ret_type
    )
    play = kind(environment, process, script, handle, entity_id)
    script.on |= {what: partial(happens, play) for what, happens in (on or {}).items()}
    async with working(environment.client, script, workflows=[process.load()]):
        # Only the handle that a start gives lets time pass while it waits for the result.
        play.handle = await environment.client.start_workflow(
            process.workflow,
            input_of(process, entity_id, **given),
            id=workflow_id,
            task_queue=TASK_QUEUE,
            result_type=definition.ret_type,
        )
        yield play
