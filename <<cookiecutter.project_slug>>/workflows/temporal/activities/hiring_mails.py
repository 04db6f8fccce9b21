"""Mails to candidates and recruiters."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from temporalio import activity

from configuration.hiring import HiringSettings
from db.entities.candidate import Candidate
from db.session import Database
from settings import Settings
from tools import email
from tools.email import EmailError
from workflows.temporal.activities.entities import find, whose
from workflows.temporal.activities.ledger import Effect, Ledger, application_error
from workflows.temporal.activities.notices import link
from workflows.temporal.hiring_contracts import HiringActivity, Mail


class HiringMails:
    """Activities that write to people."""

    def __init__(self, settings: Settings, hiring: HiringSettings, database: Database, ledger: Ledger) -> None:
        self._settings = settings
        self._hiring = hiring
        self._database = database
        self._ledger = ledger

    @activity.defn(name=HiringActivity.SEND_MAIL)
    async def send_mail(self, mail: Mail) -> None:
        """Send a mail once; a withdrawal goes to RECRUITER_EMAIL, if there is one, all else to the candidate."""
        candidate = await find(self._database, Candidate, mail)
        to = self._hiring.recruiter_email if mail.template == "withdrawal" else candidate.email
        if to is None:
            return
        message_id = hashlib.sha256(mail.key.encode()).hexdigest()[:32]
        try:
            composed = email.compose(mail.template, to=to, message_id=message_id, **self._values(mail, candidate))
        except EmailError as error:
            raise application_error(error) from None

        async def do() -> dict[str, Any]:
            sent = await email.send(composed, self._settings)
            return {"message_id": sent.message_id}

        async def find_again(_: datetime) -> dict[str, Any] | bool | None:
            known = await email.was_sent(message_id, self._settings)
            return {"message_id": message_id} if known else known

        await self._ledger.once(
            Effect(mail.key, "mail", whose(mail), do=do, find=find_again, detail={"mail": mail.template})
        )

    def _values(self, mail: Mail, candidate: Candidate) -> dict[str, Any]:
        values: dict[str, Any] = {"name": candidate.name, "position": candidate.position}
        if mail.template in ("scheduling", "scheduling_reminder"):
            values["scheduling_url"] = self._hiring.scheduling_url.replace("{candidate_id}", mail.entity_id)
        if mail.template in ("invitation", "cancellation"):
            values |= {
                "call_time": mail.call_time,
                "uid": mail.entity_id,
                "organizer": self._settings.mail_from,
                "sequence": mail.sequence,
            }
        if mail.template == "withdrawal":
            values["link"] = link(self._settings, whose(mail))
        return values
