"""The activities: what processes do to the world, one module a subject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from db.session import Database
from settings import Settings
from workflows.temporal.activities.calls import CallActivities
from workflows.temporal.activities.ledger import Ledger
from workflows.temporal.activities.messages import MessageActivities
from workflows.temporal.activities.raw import RawActivities
from workflows.temporal.activities.records import RecordActivities
from workflows.temporal.activities.sweep import SweepActivities
from workflows.temporal.resources import Runner


class Activities:
    """All activities of a worker, over one database and one runner."""

    def __init__(self, settings: Settings, database: Database, runner: Runner) -> None:
        ledger = Ledger(database)
        self.raw = RawActivities(database, runner)
        self.messages = MessageActivities(settings, database, ledger)
        self.calls = CallActivities(settings, database, ledger)
        self.records = RecordActivities(database)
        self.sweep = SweepActivities(settings, database, ledger)

    def all(self) -> list[Callable[..., Any]]:
        """Return the activities, for a worker."""
        return [
            self.raw.run_raw_workflow,
            self.messages.send_mail,
            self.messages.notify_slack,
            self.calls.place_call,
            self.calls.cancel_call,
            self.records.record,
            self.sweep.sweep_outbox,
        ]
