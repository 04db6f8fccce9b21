"""The dispatcher: what the outbox holds goes to its target, at least once, in order, again until it arrives."""

from __future__ import annotations

import logging

from api.background import Loop
from api.metrics import Metrics
from api.settings import ApiSettings
from db.delivery import Delivered, Target, deliver_due, make_owner
from db.session import Database
from logs import entity_id_var

logger = logging.getLogger("api.dispatch")


class Dispatcher(Loop):
    """Delivers the outbox to `target`; without one, entries wait."""

    def __init__(self, database: Database, target: Target | None, settings: ApiSettings, metrics: Metrics) -> None:
        super().__init__("dispatcher", settings.poll_seconds)
        self.owner = make_owner()
        self._database = database
        self._target = target
        self._settings = settings
        self._metrics = metrics

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
        if await deliver_due(self._database, self._target, self._settings, self.owner, observe=self._observe):
            self.wake()

    def _observe(self, done: Delivered) -> None:
        # Each attempt is a task of its own, so this is seen by no other's lines.
        entity_id_var.set(str(done.entry.entity_id))
        fields = {
            "entry_id": str(done.entry.id),
            "kind": done.entry.kind,
            "attempt": done.entry.attempt,
            "outcome": done.outcome,
        }
        if done.error is not None:
            logger.warning("delivery failed", exc_info=done.error, extra={"fields": fields})
        else:
            logger.info("delivered", extra={"fields": fields})
        self._metrics.deliveries.labels(done.outcome).inc()
