"""Restarts the API and two workers in turn, cleanly, under a stream of webhooks: nothing is lost, no process waits.

A worker that is killed leaves its processes waiting for ten seconds; one that is told to end does not: the other one
goes on with them at once.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.tests.stack.people import application
from api.tests.stack.stack import Stack, StackError, compose, docker

_STREAM_SECONDS = 30.0
_LONGEST_SECONDS = 10.0
_UP = ("up", "--detach", "--wait", "--no-build", "--no-deps", "--no-recreate")


@dataclass(frozen=True, slots=True)
class Span:
    """What took from when to when."""

    name: str
    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.end - self.start).total_seconds()

    def __str__(self) -> str:
        return f"{self.name} from {self.start:%H:%M:%S.%f} for {self.seconds:.1f} s"


async def run(stack: Stack, number: int) -> str:
    """Take applications, then tell their processes of a date while worker and API are restarted; say what was seen.

    Raises:
        StackError: a webhook was answered with an error, or lost, or a process was late.
    """
    number = min(number, 60)
    async with asyncio.TaskGroup() as group:
        applications = [group.create_task(stack.send("/webhooks/cv-submission", application())) for _ in range(number)]
    ids = [one.result().resource for one in applications]
    for candidate_id in ids:
        await stack.candidate_with(candidate_id, "awaiting_schedule")
    stack.answers.clear()
    await compose(*_UP, "--scale", "worker=2", "worker")
    async with asyncio.TaskGroup() as group:
        dates = [group.create_task(_date(stack, candidate_id)) for candidate_id in ids]
        restarts = group.create_task(_restarts())
    await compose(*_UP, "--scale", "worker=1", "worker")
    reactions = [date.result() for date in dates]
    if late := [reaction for reaction in reactions if reaction.seconds > _LONGEST_SECONDS]:
        raise StackError(f"Late: {'; '.join(map(str, late))}. Restarts: {'; '.join(map(str, restarts.result()))}.")
    late_seconds = sorted(reaction.seconds for reaction in reactions)
    return (
        f"{number} processes were told of a date while API and workers were restarted; each went on, after "
        f"{late_seconds[number // 2]:.2f} s in the middle and {late_seconds[-1]:.2f} s at most. "
        f"The webhooks' answers: {dict(stack.answers)}."
    )


async def _date(stack: Stack, candidate_id: str) -> Span:
    """Tell a process of a date; return the time from the delivery until it went on, by its timeline."""
    await asyncio.sleep(random.uniform(0, _STREAM_SECONDS))
    when = datetime.now(UTC) + timedelta(days=2)
    body = {"candidate_id": candidate_id, "type": "scheduled", "call_time": when.isoformat()}
    await stack.send("/webhooks/calendar", body)
    shown = await stack.candidate_with(candidate_id, "awaiting_call_time")
    at = {item["event"]: datetime.fromisoformat(item["at"]) for item in shown["timeline"]}
    # The process may be quicker than the dispatcher with its own note.
    told = max(at["delivered"], at["call_scheduled"])
    return Span(candidate_id, told, max(at["awaiting_call_time"], told))


async def _restarts() -> list[Span]:
    """Restart one worker, the API, the other worker, with pauses between; return when."""
    workers = (await compose("ps", "--quiet", "worker")).split()
    api = (await compose("ps", "--quiet", "api")).split()
    told = []
    for container in (workers[0], *api, *workers[1:]):
        await asyncio.sleep(_STREAM_SECONDS / 6)
        began = datetime.now(UTC)
        await docker("restart", "--time", "45", container)
        told.append(Span(container[:12], began, datetime.now(UTC)))
    return told
