"""A registry with the tiny workflow and its activity."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows.temporal.resources import Resources
from workflows.temporal.tests.tiny import HOLD, Hold, Tiny


@activity.defn(name=HOLD)
async def hold(given: Hold) -> str:
    """Leave a file at the start and one at the end."""
    (Path(given.folder) / "started").touch()
    activity.logger.info("holding")
    if given.fail:
        raise ApplicationError(f"failed with {given.secret}", given.secret, non_retryable=True)
    if given.breaks:
        # The SDK fails the worker, not the activity alone.
        raise BrokenExecutor("broken")
    while given.stubborn:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(given.seconds)
    await asyncio.sleep(given.seconds)
    (Path(given.folder) / "ended").touch()
    return f"held {given.secret}"


def workflow_types() -> list[type]:
    return [Tiny]


def activities(_: Resources) -> list[Callable[..., Any]]:
    return [hold]
