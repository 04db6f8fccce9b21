"""The dispatcher: what the outbox holds goes to its target, at least once, in order, again until it arrives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

from api.background import Loop
from api.coordinator import process_name
from api.metrics import Metrics
from db.repositories import outbox, timeline
from db.repositories.backoff import pause_after
from db.repositories.outbox import OutboxLease
from db.session import Database
from db.types import utc_now
from logs import describe, entity_id_var
from settings import Settings

logger = logging.getLogger("api.dispatch")

_LONGEST_DELIVERY = 10.0


class UndeliverableError(Exception):
    """The target will never take this entry: it is parked at once; the text says why, for an administrator."""


class Target(Protocol):
    """Where entries go. The same entry may come twice: `entry.dedupe_key` tells."""

    async def deliver(self, entry: OutboxLease) -> None:
        """Hand one entry over; when this returns, the target has it for good.

        Raises:
            UndeliverableError: it can never be taken.
            Exception: anything else; it is tried again later.
        """
        ...


class Dispatcher(Loop):
    """Delivers the outbox to `target`; without one, entries wait."""

    def __init__(self, database: Database, target: Target | None, settings: Settings, metrics: Metrics) -> None:
        super().__init__("dispatcher", settings.poll_seconds)
        self.owner = process_name()
        self._database = database
        self._target = target
        self._settings = settings
        self._metrics = metrics
        # A delivery that hangs ends well before another process may take the entry over.
        self._seconds = min(_LONGEST_DELIVERY, settings.lease_seconds / 2)

    @property
    def enabled(self) -> bool:
        """Whether there is a target."""
        return self._target is not None

    def start(self) -> None:
        """Begin, if there is a target."""
        if self.enabled:
            super().start()

    async def stop(self) -> None:
        """End after the deliveries that are under way."""
        await self.end()

    async def step(self) -> None:
        """Deliver what is due; as long as something was due, look again at once."""
        if self._target is None:
            return
        async with self._database.session() as session:
            entries = await outbox.lease_batch(
                session, self.owner, self._settings.outbox_batch, self._settings.lease_seconds
            )
        if entries:
            results = await asyncio.gather(
                *(self._deliver(self._target, entry) for entry in entries), return_exceptions=True
            )
            for error in results:
                if isinstance(error, Exception):
                    # Its outcome could not be written: the lease runs out, and it is delivered again.
                    raise error
            self.wake()

    async def _deliver(self, target: Target, entry: OutboxLease) -> None:
        entity_id_var.set(str(entry.entity_id))
        try:
            async with asyncio.timeout(self._seconds):
                await target.deliver(entry)
        except Exception as error:
            outcome = await self._failed(entry, error)
            logger.warning("delivery failed", exc_info=error, extra={"fields": _fields(entry, outcome)})
        else:
            outcome = await self._write(entry, "delivered", outbox.delivered)
            logger.info("delivered", extra={"fields": _fields(entry, outcome)})
        self._metrics.deliveries.labels(outcome).inc()

    async def _failed(self, entry: OutboxLease, error: Exception) -> str:
        reason = f"{describe(error)}: {error}"[:500]
        if isinstance(error, UndeliverableError) or entry.attempt >= self._settings.outbox_max_attempts:
            return await self._write(entry, "parked", lambda session, lease: outbox.park(session, lease, reason))
        pause = pause_after(
            entry.attempt, base=self._settings.backoff_seconds, longest=self._settings.backoff_max_seconds
        )
        at = utc_now() + timedelta(seconds=pause)
        return await self._write(
            entry, "retried", lambda session, lease: outbox.retry_later(session, lease, reason, at)
        )

    async def _write(self, entry: OutboxLease, outcome: str, write: Callable[..., Awaitable[bool]]) -> str:
        async with self._database.session() as session:
            if not await write(session, entry):
                return "lost"
            if outcome != "retried":
                detail = {"kind": entry.kind, "target": entry.target, "attempt": entry.attempt}
                await timeline.add(session, entry.entity_type, entry.entity_id, outcome, detail)
        return outcome


def _fields(entry: OutboxLease, outcome: str) -> dict[str, object]:
    return {"entry_id": str(entry.id), "kind": entry.kind, "attempt": entry.attempt, "outcome": outcome}
