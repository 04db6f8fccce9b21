"""What the coordinator's and the dispatcher's loops have in common: wake at once, else look now and then."""

from __future__ import annotations

import asyncio
import logging
import random
from abc import ABC, abstractmethod
from contextlib import suppress

from logs import describe

logger = logging.getLogger("api.background")

_LONGEST_PAUSE = 15.0


class Loop(ABC):
    """Calls `step` again and again in a task: at once after `wake`, else every `poll_seconds`.

    A step that fails is logged and tried again, later each time: a database that is away must not end the loop.
    """

    def __init__(self, name: str, poll_seconds: float) -> None:
        self.name = name
        self._poll_seconds = poll_seconds
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._failures = 0

    @property
    def alive(self) -> bool:
        """Whether the loop runs."""
        return self._task is not None and not self._task.done()

    @property
    def failing(self) -> bool:
        """Whether the last step failed."""
        return self._failures > 0

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._loop(), name=self.name)

    def wake(self) -> None:
        """Say that there is work: the next step begins at once."""
        self._awake.set()

    async def end(self) -> None:
        """End the loop after the step it is in."""
        self._stopping = True
        self.wake()
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                await self._task

    @abstractmethod
    async def step(self) -> None:
        """Look for work once."""

    async def _loop(self) -> None:
        while not self._stopping:
            self._awake.clear()
            try:
                await self.step()
            except Exception as error:
                self._failures += 1
                # Once, and again when it lasts: an hour without a database is not an hour of lines.
                if self._failures in (1, 10) or self._failures % 100 == 0:
                    logger.warning(
                        "%s failed",
                        self.name,
                        exc_info=error,
                        extra={"fields": {"failures": self._failures, "error": describe(error)}},
                    )
                await self._pause(min(_LONGEST_PAUSE, self._poll_seconds * 2.0 ** min(self._failures, 10)), deaf=True)
            else:
                self._failures = 0
                await self._pause(self._poll_seconds)

    async def _pause(self, seconds: float, *, deaf: bool = False) -> None:
        """Wait until woken, or this long; `deaf`: work that comes in does not cut it short, the end does."""
        deadline = asyncio.get_running_loop().time() + seconds * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                await self._awake.wait()
                while deaf and not self._stopping:
                    self._awake.clear()
                    await self._awake.wait()
