"""The activities: what processes do to the world, one module a subject. Those of one process bear its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workflows.temporal.activities.ledger import Ledger
from workflows.temporal.activities.notices import NoticeActivities
from workflows.temporal.activities.raw import RawActivities
from workflows.temporal.activities.records import RecordActivities
from workflows.temporal.activities.sweep import SweepActivities
from workflows.temporal.resources import Resources


class Activities:
    """The activities that every process may use, over one database and one runner."""

    def __init__(self, resources: Resources) -> None:
        settings, database = resources.settings, resources.database
        ledger = Ledger(database)
        self.raw = RawActivities(database, resources.runner)
        self.notices = NoticeActivities(settings, ledger)
        self.records = RecordActivities(database)
        self.sweep = SweepActivities(settings, database, ledger)

    def all(self) -> list[Callable[..., Any]]:
        """Return the activities, for a worker."""
        return [
            self.raw.run_raw_workflow,
            self.notices.notify_slack,
            self.records.record,
            self.sweep.sweep_outbox,
        ]
