"""The activities of the hiring process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from configuration.hiring import HiringSettings, hiring_settings
from workflows.temporal.activities.hiring_calls import HiringCalls
from workflows.temporal.activities.hiring_mails import HiringMails
from workflows.temporal.activities.ledger import Ledger
from workflows.temporal.resources import Resources


class HiringActivities:
    """All of them, over one database."""

    def __init__(self, resources: Resources, hiring: HiringSettings | None = None) -> None:
        """Take the hiring settings of the environment if none are given.

        Raises:
            SettingsError: one is wrong.
        """
        settings, database = resources.settings, resources.database
        ledger = Ledger(database)
        self.mails = HiringMails(settings, hiring or hiring_settings(), database, ledger)
        self.calls = HiringCalls(settings, database, ledger)

    def all(self) -> list[Callable[..., Any]]:
        """Return the activities, for a worker."""
        return [self.mails.send_mail, self.calls.place_call, self.calls.cancel_call]
