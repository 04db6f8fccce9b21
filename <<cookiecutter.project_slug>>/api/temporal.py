"""The API's way to Temporal, and what /readyz says of it. Nobody waits for it: webhooks are taken with it away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from db.delivery import TargetAwayError
from settings import Settings
from workflows.temporal.client import connect, data_converter
from workflows.temporal.environment import connect_config
from workflows.temporal.processes import check_settings
from workflows.temporal.target import TemporalTarget

# An answer is good for as long as this; a probe that comes later gets it too, and the next one a new answer.
FRESH_SECONDS = 5.0
# The first probe waits for the first answer, for so long at most.
_PATIENCE_SECONDS = 0.5


def check_configuration(settings: Settings) -> None:
    """Look at the configuration of Temporal and of the processes; whether the server is there is not asked.

    Raises:
        SettingsError: something in it is wrong.
    """
    connect_config()
    data_converter(settings)
    check_settings()


async def make_target(settings: Settings) -> TemporalTarget:
    """Return the target of the outbox; the server may be away, now and later."""
    return TemporalTarget(await connect(settings, lazy=True), settings)


class TemporalWatch:
    """Asks now and then whether Temporal answers, when somebody wants to know."""

    def __init__(self, ping: Callable[[], Awaitable[None]]) -> None:
        """Ask nothing yet.

        Args:
            ping: asks once, for a bounded time; raises TargetAwayError with the reason.
        """
        self._ping = ping
        self._words: str | None = None
        self._asked_at = 0.0
        self._task: asyncio.Task[None] | None = None

    async def words(self) -> str:
        """Return "ok", or what is wrong, as of a few seconds ago."""
        if (self._task is None or self._task.done()) and self._is_old():
            self._task = asyncio.create_task(self._ask(), name="temporal-watch")
        if self._words is None and self._task is not None:
            await asyncio.wait([self._task], timeout=_PATIENCE_SECONDS)
        return self._words or "it has not answered yet"

    async def stop(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _is_old(self) -> bool:
        return self._words is None or time.monotonic() - self._asked_at > FRESH_SECONDS

    async def _ask(self) -> None:
        try:
            await self._ping()
        except TargetAwayError as error:
            self._words = f"{error}. Webhooks are taken all the same, and delivered when it is back"
        except Exception as error:
            self._words = f"asking it failed ({type(error).__name__})"
        else:
            self._words = "ok"
        self._asked_at = time.monotonic()
