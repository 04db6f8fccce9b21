"""What a worker process says of itself to probes."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from workflows.temporal.health import Answer

_LOOK_SECONDS = 2.0
# Probes that come together share one look.
_FRESH_SECONDS = 1.0


class WorkerState:
    """Filled in by the process as it goes on.

    `waiting` says what a worker without a client waits for; `draining` is set from the signal on.
    """

    def __init__(self) -> None:
        self.waiting = "not connected yet"
        self.draining = False
        self.client: Client | None = None
        self.worker: Worker | None = None
        self.run: asyncio.Task[None] | None = None
        self._looked_at = float("-inf")
        self._found = ""
        self._look = asyncio.Lock()

    async def livez(self) -> Answer:
        """Answer, which says that the event loop turns; 503 only once the worker's task is dead.

        Neither a Temporal that is away nor a quiet task queue makes a restart useful.
        """
        if self.run is not None and self.run.done() and not self.draining:
            return Answer.text(503, "The worker has ended.")
        return Answer.text(200, "ok")

    async def readyz(self) -> Answer:
        """Answer 200 while Temporal answers and the worker polls, else 503 with what is missing."""
        parts = {"temporal": await self._temporal(), "worker": self._worker()}
        missing = [name for name, words in parts.items() if words != "ok"]
        document = {"status": "not ready" if missing else "ready", "parts": parts, "missing": missing}
        return Answer.json(503 if missing else 200, document)

    def _worker(self) -> str:
        if self.draining:
            return "it was told to end: it takes no more tasks, and lets its activities run on"
        return "ok" if self.worker is not None and self.worker.is_running else "it does not poll yet"

    async def _temporal(self) -> str:
        if self.client is None:
            return self.waiting
        async with self._look:
            if time.monotonic() - self._looked_at > _FRESH_SECONDS:
                self._found = await _ask(self.client)
                self._looked_at = time.monotonic()
        return self._found


async def _ask(client: Client) -> str:
    """Return "ok", or how Temporal did not answer."""
    try:
        # The call's own timeout does not bound it when the server is gone.
        async with asyncio.timeout(_LOOK_SECONDS):
            await client.workflow_service.get_system_info(
                GetSystemInfoRequest(), timeout=timedelta(seconds=_LOOK_SECONDS)
            )
    except TimeoutError:
        return f"it does not answer within {_LOOK_SECONDS:g} seconds"
    except RPCError as error:
        return f"it does not answer ({error.status.name})"
    return "ok"
