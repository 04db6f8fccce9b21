"""Plays the hiring process on the time-skipping server, with scripted activities: days pass in milliseconds.

The workflow, the server and the wire are real; what the activities do to the world is tested elsewhere.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from workflows.temporal.contracts import (
    HIRING_PROCESS,
    STATUS_QUERY,
    Activity,
    CalendarEvent,
    CallEvent,
    CancelCall,
    Contract,
    Decision,
    Durations,
    HiringInput,
    HiringResult,
    HiringStatus,
    Mail,
    PlaceCall,
    PlacedCall,
    RawOutcome,
    RawRun,
    Record,
    Signal,
    SlackNotice,
    SweepInput,
    SweepResult,
    Withdrawal,
)
from workflows.temporal.executables import TEST_SERVER, find_executable
from workflows.temporal.hiring_process import HiringProcess
from workflows.temporal.outbox_sweep import OutboxSweep

TASK_QUEUE = "rehearsal"
QUALIFIED: Mapping[str, Any] = {"score": 0.9, "qualified": True}
NOT_QUALIFIED: Mapping[str, Any] = {"score": 0.2, "qualified": False}


def refusal(message: str = "refused") -> ApplicationError:
    """Return an error that is not tried again."""
    return ApplicationError(message, type="Refused", non_retryable=True)


@dataclass
class Script:
    """What the activities answer, and what they were asked, in order."""

    analysis: Mapping[str, Any] | Exception = field(default_factory=lambda: QUALIFIED)
    summary: Mapping[str, Any] | Exception = field(default_factory=dict)
    # By the name of a mail's template, a notice's kind, "place_call" or "cancel_call".
    refused: frozenset[str] = frozenset()
    asked: list[tuple[str, Contract]] = field(default_factory=list)
    # Called as an activity begins: the place to let a signal arrive at that very moment.
    on: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    calls: int = 0

    def requests(self, kind: type[Contract]) -> list[Any]:
        """Return what activities of one kind were asked."""
        return [argument for _, argument in self.asked if isinstance(argument, kind)]

    @property
    def mails(self) -> list[str]:
        """The templates of the mails sent, in order."""
        return [mail.template for mail in self.requests(Mail)]

    @property
    def notices(self) -> list[str]:
        """The kinds of the notices sent, in order."""
        return [notice.kind for notice in self.requests(SlackNotice)]

    @property
    def events(self) -> list[str]:
        """The events recorded, in order."""
        return [record.event for record in self.requests(Record)]

    async def _ask(self, name: str, argument: Contract, what: str) -> None:
        self.asked.append((name, argument))
        if hook := self.on.pop(what, None):
            await hook()
        if what in self.refused:
            raise refusal(what)

    @activity.defn(name=Activity.RUN_RAW_WORKFLOW)
    async def run_raw_workflow(self, run: RawRun) -> RawOutcome:
        """Answer as scripted."""
        await self._ask(Activity.RUN_RAW_WORKFLOW, run, run.workflow)
        answer = self.analysis if run.workflow == "analyze-cv" else self.summary
        if isinstance(answer, Exception):
            raise answer
        return RawOutcome(values=dict(answer))

    @activity.defn(name=Activity.SEND_MAIL)
    async def send_mail(self, mail: Mail) -> None:
        """Send nothing."""
        await self._ask(Activity.SEND_MAIL, mail, mail.template)

    @activity.defn(name=Activity.PLACE_CALL)
    async def place_call(self, call: PlaceCall) -> PlacedCall:
        """Call nobody: CA1, CA2, ..."""
        await self._ask(Activity.PLACE_CALL, call, "place_call")
        self.calls += 1
        return PlacedCall(call_sid=f"CA{self.calls}")

    @activity.defn(name=Activity.CANCEL_CALL)
    async def cancel_call(self, call: CancelCall) -> None:
        """Cancel nothing."""
        await self._ask(Activity.CANCEL_CALL, call, "cancel_call")

    @activity.defn(name=Activity.NOTIFY_SLACK)
    async def notify_slack(self, notice: SlackNotice) -> None:
        """Tell nobody."""
        await self._ask(Activity.NOTIFY_SLACK, notice, notice.kind)

    @activity.defn(name=Activity.RECORD)
    async def record(self, record: Record) -> None:
        """Record nothing but the request."""
        await self._ask(Activity.RECORD, record, record.event)

    @activity.defn(name=Activity.SWEEP_OUTBOX)
    async def sweep_outbox(self, given: SweepInput) -> SweepResult:
        """Find one entry."""
        await self._ask(Activity.SWEEP_OUTBOX, given, "sweep_outbox")
        return SweepResult(delivered=1)

    def activities(self) -> list[Callable[..., Any]]:
        """Return all of them, for a worker."""
        return [
            self.run_raw_workflow,
            self.send_mail,
            self.place_call,
            self.cancel_call,
            self.notify_slack,
            self.record,
            self.sweep_outbox,
        ]


@dataclass
class Rehearsal:
    """One process that is being played."""

    environment: WorkflowEnvironment
    script: Script
    handle: WorkflowHandle[Any, HiringResult]
    candidate_id: str
    _events: int = 0

    async def now(self) -> datetime:
        """Return the server's time."""
        return await self.environment.get_current_time()

    async def sleep(self, **duration: float) -> None:
        """Let time pass."""
        await self.environment.sleep(timedelta(**duration))

    async def status(self) -> HiringStatus:
        """Ask the process."""
        status: HiringStatus = await self.handle.query(STATUS_QUERY, result_type=HiringStatus)
        return status

    async def until(self, is_met: Callable[[HiringStatus], bool]) -> HiringStatus:
        """Ask the process again and again, without letting time pass, until its status is as expected."""
        while True:
            status = await self.status()
            if is_met(status):
                return status

    async def stage(self, stage: str) -> HiringStatus:
        """Wait for a stage, and for the process to wait in it."""
        return await self.until(lambda status: status.stage == stage and status.waiting_until is not None)

    def _event_id(self, event_id: str | None) -> str:
        self._events += 1
        return event_id or f"event-{self._events}"

    async def calendar(self, kind: Any, time: datetime | None = None, *, event_id: str | None = None) -> None:
        """Send a calendar event."""
        event = CalendarEvent(event_id=self._event_id(event_id), type=kind, call_time=time)
        await self.handle.signal(Signal.CALENDAR.value, event)

    async def call(
        self, sid: str, status: Any = "completed", *, transcript: bool = True, event_id: str | None = None
    ) -> None:
        """Send how a call ended."""
        event = CallEvent(event_id=self._event_id(event_id), call_sid=sid, status=status, transcript=transcript)
        await self.handle.signal(Signal.CALL.value, event)

    async def decide(self, decision: Any, *, event_id: str | None = None) -> None:
        """Send a decision."""
        event = Decision(event_id=self._event_id(event_id), decision=decision, by="test")
        await self.handle.signal(Signal.DECISION.value, event)

    async def withdraw(self) -> None:
        """Send a withdrawal."""
        await self.handle.signal(Signal.WITHDRAWAL.value, Withdrawal(event_id=self._event_id(None)))

    async def result(self) -> HiringResult:
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

    async def scheduled(self, **ahead: float) -> datetime:
        """Name a date so far ahead of now, and return it."""
        time = await self.now() + timedelta(**(ahead or {"days": 1}))
        await self.calendar("scheduled", time)
        return time


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
    worker = Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[HiringProcess, OutboxSweep],
        activities=script.activities(),
        # Else a cancelled activity learns of it at most every 16 seconds, which are real ones.
        max_heartbeat_throttle_interval=timedelta(seconds=1),
        **options,
    )
    async with worker:
        yield worker


@asynccontextmanager
async def rehearse(
    environment: WorkflowEnvironment,
    script: Script | None = None,
    durations: Durations | None = None,
    candidate_id: str | None = None,
    on: Mapping[str, Callable[[Rehearsal], Awaitable[Any]]] | None = None,
    **options: Any,
) -> AsyncIterator[Rehearsal]:
    """Start a process and give it; `on` is what happens when an activity first begins (see Script.on)."""
    script = script or Script()
    candidate_id = candidate_id or str(uuid.uuid4())
    given = HiringInput(candidate_id=candidate_id, durations=durations or Durations(), **options)
    name = f"hiring-{candidate_id}"
    handle: WorkflowHandle[Any, HiringResult] = environment.client.get_workflow_handle(name, result_type=HiringResult)
    play = Rehearsal(environment, script, handle, candidate_id)
    script.on |= {what: partial(happens, play) for what, happens in (on or {}).items()}
    async with working(environment.client, script):
        # Only the handle that a start gives lets time pass while it waits for the result.
        play.handle = await environment.client.start_workflow(
            HIRING_PROCESS, given, id=name, task_queue=TASK_QUEUE, result_type=HiringResult
        )
        yield play
