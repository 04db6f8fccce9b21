"""`make histories`: plays the processes and writes their histories, which `temporal workflow validate` replays.

A history that is there already is kept: it stands for processes that began under earlier code. `--label NAME` records
the code as it is now beside it, `--replace` instead of it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from workflows.temporal.contracts import OUTBOX_SWEEP, SweepInput, SweepResult
from workflows.temporal.ending import leave
from workflows.temporal.tests.normalise import normalise
from workflows.temporal.tests.rehearsal import (
    NOT_QUALIFIED,
    TASK_QUEUE,
    Rehearsal,
    Script,
    refusal,
    rehearse,
    time_skipping,
    working,
)
from workflows.temporal.validate import HISTORIES
from workflows.temporal.validation.replay import quiet_runtime

Handle = WorkflowHandle[Any, Any]
Play = Callable[[Rehearsal], Awaitable[None]]


async def waits(play: Rehearsal, stage: str, count: int = 1) -> None:
    """Wait until the process has entered a stage for the nth time, and waits in it.

    Asking the process would make the server hand out another workflow task, at a moment that is never the same.
    """
    async with asyncio.timeout(120):
        while play.script.events.count(stage) < count or not await _is_waiting(play):
            await asyncio.sleep(0.01)


async def _is_waiting(play: Rehearsal) -> bool:
    """Whether the last that happened is that the process's timer was started."""
    events = (await play.handle.fetch_history()).events
    return events[-1].HasField("timer_started_event_attributes")


async def _to_the_call(play: Rehearsal) -> None:
    await waits(play, "awaiting_schedule")
    await play.scheduled(hours=1)
    await waits(play, "awaiting_call_time")
    await play.sleep(hours=1)
    await waits(play, "calling")


async def _to_the_decision(play: Rehearsal) -> None:
    await _to_the_call(play)
    await play.call("CA1")
    await waits(play, "awaiting_decision")


async def _completed(play: Rehearsal) -> None:
    await _to_the_decision(play)
    await play.decide("approve")


async def _rejected_by_a_person(play: Rehearsal) -> None:
    await _to_the_decision(play)
    await play.decide("reject")


async def _no_show(play: Rehearsal) -> None:
    await _to_the_call(play)
    for number, status in enumerate(("no-answer", "busy"), start=1):
        await play.call(f"CA{number}", status)
        await waits(play, "awaiting_retry", number)
        await play.sleep(hours=4)
        await waits(play, "calling", number + 1)
    await play.call("CA3", "failed")


async def _withdrawn_during_a_call(play: Rehearsal) -> None:
    await _to_the_call(play)
    await play.withdraw()


async def _cancelled(play: Rehearsal) -> None:
    await waits(play, "awaiting_schedule")
    await play.handle.cancel()


async def _the_long_way(play: Rehearsal) -> None:
    """Reminded, rescheduled, called off, missed, overdue, without a transcript at first, told: and hired at last."""
    await waits(play, "awaiting_schedule")
    await play.sleep(days=3)
    await waits(play, "awaiting_schedule")
    time = await play.scheduled(days=1)
    await waits(play, "awaiting_call_time")
    await play.calendar("rescheduled", time + timedelta(days=1))
    await waits(play, "awaiting_call_time", 2)
    await play.calendar("cancelled")
    await waits(play, "awaiting_schedule", 2)
    await play.scheduled(hours=2)
    await waits(play, "awaiting_call_time", 3)
    await play.sleep(hours=2)
    await waits(play, "calling")
    await play.sleep(hours=2)
    await waits(play, "awaiting_retry")
    await play.sleep(hours=4)
    await waits(play, "calling", 2)
    await play.call("CA2", transcript=False)
    await waits(play, "summarising")
    await play.sleep(minutes=5)
    await play.call("CA2", transcript=True)
    await waits(play, "awaiting_decision")
    await play.sleep(days=2)
    await waits(play, "awaiting_decision")
    await play.decide("approve")


async def _by_itself(_: Rehearsal) -> None:
    """Nobody does anything."""


def _hiring(play: Play, **script: Any) -> Callable[[WorkflowEnvironment, str], Awaitable[Handle]]:
    async def record(environment: WorkflowEnvironment, candidate_id: str) -> Handle:
        async with rehearse(environment, Script(**script), candidate_id=candidate_id) as rehearsal:
            await play(rehearsal)
            try:
                await rehearsal.result()
            except WorkflowFailureError:
                if play is not _cancelled:
                    raise
            return rehearsal.handle

    return record


async def _sweep(environment: WorkflowEnvironment, _: str) -> Handle:
    async with working(environment.client, Script()):
        handle: Handle = await environment.client.start_workflow(
            OUTBOX_SWEEP, SweepInput(), id="outbox-sweep", task_queue=TASK_QUEUE, result_type=SweepResult
        )
        await handle.result()
        return handle


PLAYS: dict[str, Callable[[WorkflowEnvironment, str], Awaitable[Handle]]] = {
    "hiring-completed": _hiring(_completed),
    "hiring-completed-the-long-way": _hiring(_the_long_way),
    "hiring-rejected-by-cv": _hiring(_by_itself, analysis=NOT_QUALIFIED),
    "hiring-rejected-by-person": _hiring(_rejected_by_a_person),
    "hiring-expired-without-date": _hiring(_by_itself),
    "hiring-expired-without-decision": _hiring(_to_the_decision),
    "hiring-no-show": _hiring(_no_show),
    "hiring-withdrawn-during-call": _hiring(_withdrawn_during_a_call),
    "hiring-failed": _hiring(_by_itself, analysis=refusal()),
    "hiring-cancelled": _hiring(_cancelled),
    "outbox-sweep": _sweep,
}


async def record(name: str) -> str:
    """Play one process on a server of its own; return its history as the text of a file."""
    candidate_id = f"019b0000-0000-7000-8000-{list(PLAYS).index(name) + 1:012}"
    async with time_skipping() as environment:
        handle = await PLAYS[name](environment, candidate_id)
        history = await handle.fetch_history()
    return normalise(history.to_json_dict(), workflow_id=handle.id)


async def _write(names: Sequence[str], folder: Path, label: str, *, is_replacing: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = folder / f"{name}{f'.{label}' if label else ''}.json"
        if path.exists() and not is_replacing:
            print(f"kept      {path.name}")
            continue
        text = await record(name)
        path.write_text(text, encoding="utf-8")
        print(f"recorded  {path.name}")


def main(argv: Sequence[str] | None = None) -> int:
    """Record; 0 done, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m workflows.temporal.tests.record",
        description="Play each end of each process and write its history. Histories that are there are kept.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PLAYS)}; all, if none is given")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--label", default="", help="record beside those that are there, as NAME.LABEL.json")
    ways.add_argument("--replace", action="store_true", help="record anew: only when no process is under way anywhere")
    parser.add_argument("--folder", type=Path, default=HISTORIES, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.label and not given.label.replace("-", "").isalnum():
        parser.error("--label takes letters, digits and '-'")
    if unknown := [name for name in given.names if name not in PLAYS]:
        parser.error(f"nothing is called {unknown[0]!r}; there are: {', '.join(PLAYS)}")
    # What an activity is scripted to refuse is no news.
    logging.disable(logging.ERROR)
    quiet_runtime()
    asyncio.run(_write(given.names or list(PLAYS), given.folder, given.label, is_replacing=given.replace))
    return 0


if __name__ == "__main__":
    try:
        code = main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 2
    leave(code)
