"""The hiring process's ends, as their histories are recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from workflows.temporal.processes.hiring import PROCESS
from workflows.temporal.tests.hiring_rehearsal import ANALYSIS, NOT_QUALIFIED, HiringRehearsal, HiringScript
from workflows.temporal.tests.plays import Recorded, by_itself, recorded_as
from workflows.temporal.tests.rehearsal import refusal


async def _to_a_date(play: HiringRehearsal) -> None:
    await play.waits("awaiting_schedule")


async def _to_the_call(play: HiringRehearsal) -> None:
    await _to_a_date(play)
    await play.scheduled(hours=1)
    await play.waits("awaiting_call_time")
    await play.sleep(hours=1)
    await play.waits("calling")


async def _to_the_decision(play: HiringRehearsal) -> None:
    await _to_the_call(play)
    await play.call("CA1")
    await play.waits("awaiting_decision")


async def _completed(play: HiringRehearsal) -> None:
    await _to_the_decision(play)
    await play.decide("approve")


async def _rejected_by_a_person(play: HiringRehearsal) -> None:
    await _to_the_decision(play)
    await play.decide("reject")


async def _no_show(play: HiringRehearsal) -> None:
    await _to_the_call(play)
    for number, status in enumerate(("no-answer", "busy"), start=1):
        await play.call(f"CA{number}", status)
        await play.waits("awaiting_retry", number)
        await play.sleep(hours=4)
        await play.waits("calling", number + 1)
    await play.call("CA3", "failed")


async def _withdrawn_during_a_call(play: HiringRehearsal) -> None:
    await _to_the_call(play)
    await play.withdraw()


async def _the_long_way(play: HiringRehearsal) -> None:
    """Reminded, rescheduled, called off, missed, overdue, without a transcript at first, told: and hired at last."""
    await play.waits("awaiting_schedule")
    await play.sleep(days=3)
    await play.waits("awaiting_schedule")
    time = await play.scheduled(days=1)
    await play.waits("awaiting_call_time")
    await play.calendar("rescheduled", time + timedelta(days=1))
    await play.waits("awaiting_call_time", 2)
    await play.calendar("cancelled")
    await play.waits("awaiting_schedule", 2)
    await play.scheduled(hours=2)
    await play.waits("awaiting_call_time", 3)
    await play.sleep(hours=2)
    await play.waits("calling")
    await play.sleep(hours=2)
    await play.waits("awaiting_retry")
    await play.sleep(hours=4)
    await play.waits("calling", 2)
    await play.call("CA2", transcript=False)
    await play.waits("summarising")
    await play.sleep(minutes=5)
    await play.call("CA2", transcript=True)
    await play.waits("awaiting_decision")
    await play.sleep(days=2)
    await play.waits("awaiting_decision")
    await play.decide("approve")


def _recorded(play: Callable[[HiringRehearsal], Awaitable[None]], **given: Any) -> Recorded:
    return recorded_as(HiringRehearsal, HiringScript, PROCESS, play, **given)


PLAYS: dict[str, Recorded] = {
    "hiring-completed": _recorded(_completed),
    "hiring-completed-the-long-way": _recorded(_the_long_way),
    "hiring-rejected-by-cv": _recorded(by_itself, raw={ANALYSIS: NOT_QUALIFIED}),
    "hiring-rejected-by-person": _recorded(_rejected_by_a_person),
    "hiring-expired-without-date": _recorded(by_itself),
    "hiring-expired-without-decision": _recorded(_to_the_decision),
    "hiring-no-show": _recorded(_no_show),
    "hiring-withdrawn-during-call": _recorded(_withdrawn_during_a_call),
    "hiring-failed": _recorded(by_itself, raw={ANALYSIS: refusal()}),
    "hiring-cancelled": _recorded(_to_a_date, is_cancelled=True),
}
