"""Plays whose histories are recorded: each module here named `*_histories` has some, by the names of their files.

`PLAYS` of such a module has one for each end of a process at least: a status without a history fails the gate.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, TypeVar

from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from workflows.temporal.processes import Process
from workflows.temporal.tests.rehearsal import Rehearsal, Script, rehearse_as

PlayT = TypeVar("PlayT", bound=Rehearsal)
Handle = WorkflowHandle[Any, Any]
# Given a server and an entity's id, plays to the end and returns the process.
Recorded = Callable[[WorkflowEnvironment, str], Awaitable[Handle]]


async def by_itself(_: Rehearsal) -> None:
    """Nobody does anything."""


def recorded(
    process: Process,
    play: Callable[[Rehearsal], Awaitable[None]] = by_itself,
    *,
    is_cancelled: bool = False,
    **given: Any,
) -> Recorded:
    """Return a play of a process; what is given goes to its script.

    Args:
        process: which.
        play: what the outside world does; it waits by `Rehearsal.waits` alone.
        is_cancelled: whether it ends with the workflow's cancellation, which is done when the play is over.
        given: of the script.
    """
    return recorded_as(Rehearsal, Script, process, play, is_cancelled=is_cancelled, **given)


def recorded_as(
    kind: type[PlayT],
    script: type[Script],
    process: Process,
    play: Callable[[PlayT], Awaitable[None]],
    *,
    is_cancelled: bool = False,
    **given: Any,
) -> Recorded:
    """Return a play with a rehearsal and a script that know more of the process; else as `recorded`."""

    async def record(environment: WorkflowEnvironment, entity_id: str) -> Handle:
        async with rehearse_as(kind, environment, process, script(**given), entity_id=entity_id) as rehearsal:
            await play(rehearsal)
            if is_cancelled:
                await rehearsal.handle.cancel()
            with suppress(WorkflowFailureError) if is_cancelled else nullcontext():
                await rehearsal.result()
            return rehearsal.handle

    return record


def plays() -> dict[str, Recorded]:
    """Return all of them, by the names of their histories."""
    folder = Path(__file__).parent
    names = [module.name for module in iter_modules([str(folder)]) if module.name.endswith("_histories")]
    modules = [import_module(f"{__package__}.{name}") for name in names]
    return {name: play for module in modules for name, play in module.PLAYS.items()}
