"""The hiring process's script, and what the outside world does to it on the time-skipping server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.testing import WorkflowEnvironment

from workflows.temporal.hiring_contracts import (
    CancelCall,
    Durations,
    HiringActivity,
    HiringResult,
    HiringStatus,
    Mail,
    PlaceCall,
    PlacedCall,
    Signal,
)
from workflows.temporal.processes.hiring import PROCESS
from workflows.temporal.tests.rehearsal import Rehearsal, Script, rehearse_as

ANALYSIS, SUMMARY = "analyze-cv", "generate-call-summary"
QUALIFIED: Mapping[str, Any] = {"score": 0.9, "qualified": True}
NOT_QUALIFIED: Mapping[str, Any] = {"score": 0.2, "qualified": False}


@dataclass
class HiringScript(Script):
    """Answers the hiring process's activities too: mails by their templates, `place_call`, `cancel_call`."""

    calls: int = 0

    def __post_init__(self) -> None:
        self.raw = {ANALYSIS: QUALIFIED, **self.raw}

    @property
    def mails(self) -> list[str]:
        """The templates of the mails sent, in order."""
        return [mail.template for mail in self.requests(Mail)]

    @activity.defn(name=HiringActivity.SEND_MAIL)
    async def send_mail(self, mail: Mail) -> None:
        """Send nothing."""
        await self.ask(HiringActivity.SEND_MAIL, mail, mail.template)

    @activity.defn(name=HiringActivity.PLACE_CALL)
    async def place_call(self, call: PlaceCall) -> PlacedCall:
        """Call nobody: CA1, CA2, ..."""
        await self.ask(HiringActivity.PLACE_CALL, call, "place_call")
        self.calls += 1
        return PlacedCall(call_sid=f"CA{self.calls}")

    @activity.defn(name=HiringActivity.CANCEL_CALL)
    async def cancel_call(self, call: CancelCall) -> None:
        """Cancel nothing."""
        await self.ask(HiringActivity.CANCEL_CALL, call, "cancel_call")

    def activities(self) -> list[Callable[..., Any]]:
        """Return all of them, for a worker."""
        return [*super().activities(), self.send_mail, self.place_call, self.cancel_call]


@dataclass
class HiringRehearsal(Rehearsal):
    """One candidate's process that is being played."""

    script: HiringScript

    async def status(self) -> HiringStatus:
        """Ask the process."""
        status: HiringStatus = await super().status()
        return status

    async def until(self, is_met: Callable[[HiringStatus], bool]) -> HiringStatus:
        """Ask the process until its status is as expected."""
        status: HiringStatus = await super().until(is_met)
        return status

    async def stage(self, stage: str) -> HiringStatus:
        """Wait for a stage, and for the process to wait in it."""
        status: HiringStatus = await super().stage(stage)
        return status

    async def calendar(self, kind: str, time: datetime | None = None, *, event_id: str | None = None) -> None:
        """Send a calendar event."""
        await self.signal(Signal.CALENDAR, event_id=event_id, type=kind, call_time=time)

    async def call(
        self, sid: str, status: str = "completed", *, transcript: bool = True, event_id: str | None = None
    ) -> None:
        """Send how a call ended."""
        await self.signal(Signal.CALL, event_id=event_id, call_sid=sid, status=status, transcript=transcript)

    async def decide(self, decision: str, *, event_id: str | None = None) -> None:
        """Send a decision."""
        await self.signal(Signal.DECISION, event_id=event_id, decision=decision, by="test")

    async def withdraw(self) -> None:
        """Send a withdrawal."""
        await self.signal(Signal.WITHDRAWAL)

    async def result(self) -> HiringResult:
        """Let time pass until the process ends."""
        result: HiringResult = await super().result()
        return result

    async def scheduled(self, **ahead: float) -> datetime:
        """Name a date so far ahead of now, and return it."""
        time = await self.now() + timedelta(**(ahead or {"days": 1}))
        await self.calendar("scheduled", time)
        return time


@asynccontextmanager
async def rehearse(
    environment: WorkflowEnvironment,
    script: HiringScript | None = None,
    durations: Durations | None = None,
    *,
    entity_id: str | None = None,
    on: Mapping[str, Callable[[HiringRehearsal], Awaitable[Any]]] | None = None,
) -> AsyncIterator[HiringRehearsal]:
    """Start a candidate's process and give it; `on` is what happens when an activity first begins."""
    given: dict[str, Any] = {"durations": durations or Durations(), "entity_id": entity_id, "on": on}
    async with rehearse_as(HiringRehearsal, environment, PROCESS, script or HiringScript(), **given) as play:
        yield play
