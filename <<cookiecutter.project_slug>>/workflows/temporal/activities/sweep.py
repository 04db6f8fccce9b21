"""What the outbox holds for too long: delivered from here, and told when it was given up on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from temporalio import activity

from db.delivery import Delivered, deliver_due, make_owner
from db.repositories import outbox
from db.repositories.outbox import OutboxDepth
from db.session import Database
from db.types import utc_now
from settings import Settings
from tools import slack
from workflows.temporal.activities.ledger import Effect, Ledger
from workflows.temporal.contracts import Activity, SweepInput, SweepResult
from workflows.temporal.target import TemporalTarget


class SweepActivities:
    """Activities that look after the outbox."""

    def __init__(self, settings: Settings, database: Database, ledger: Ledger) -> None:
        self._settings = settings
        self._database = database
        self._ledger = ledger
        self._owner = make_owner()

    @activity.defn(name=Activity.SWEEP_OUTBOX)
    async def sweep_outbox(self, given: SweepInput) -> SweepResult:
        """Deliver what is overdue, for as long as something gets through; tell Slack, once a day, of parked entries."""
        target = TemporalTarget(activity.client(), self._settings)
        delivered = 0
        while True:
            activity.heartbeat()
            done = await deliver_due(
                self._database, target, self._settings, self._owner, older_than=given.older_than, observe=_beat
            )
            arrived = sum(one.outcome == "delivered" for one in done)
            delivered += arrived
            if not arrived:
                break
        async with self._database.session(read_only=True) as session:
            depth = await outbox.depth_and_age(session)
        if depth.parked:
            await self._tell(depth)
        return SweepResult(delivered=delivered, waiting=depth.pending, parked=depth.parked)

    async def _tell(self, depth: OutboxDepth) -> None:
        text = f"{depth.parked} webhook deliveries were given up on: python -m db outbox parked shows why."

        async def do() -> dict[str, Any]:
            await slack.post(self._settings, text)
            return {}

        async def find(_: datetime) -> None:
            """Slack does not tell."""

        await self._ledger.once(Effect(f"outbox-parked:{utc_now():%Y-%m-%d}", "slack", None, do=do, find=find))


def _beat(_: Delivered) -> None:
    activity.heartbeat()
