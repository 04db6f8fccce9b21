"""Mails to candidates and recruiters, and notices on Slack."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from temporalio import activity

from db.models import Candidate
from db.session import Database
from settings import Settings
from tools import email, slack
from tools.email import EmailError
from workflows.temporal.activities.ledger import Effect, Ledger, application_error
from workflows.temporal.activities.people import find_candidate
from workflows.temporal.contracts import Activity, Mail, SlackNotice

_NOTICES = {
    "decision_due": "A candidate waits for a decision",
    "decision_overdue": "A candidate expired: nobody decided in time",
    "mail_failed": "A mail to a candidate could not be sent: please write by hand",
    "withdrawn": "A candidate withdrew",
    "failed": "A hiring process failed: please look into it",
}


class MessageActivities:
    """Activities that write to people."""

    def __init__(self, settings: Settings, database: Database, ledger: Ledger) -> None:
        self._settings = settings
        self._database = database
        self._ledger = ledger

    @activity.defn(name=Activity.SEND_MAIL)
    async def send_mail(self, mail: Mail) -> None:
        """Send a mail once; a withdrawal goes to RECRUITER_EMAIL, if there is one, all else to the candidate."""
        candidate = await find_candidate(self._database, mail.candidate_id)
        to = self._settings.recruiter_email if mail.template == "withdrawal" else candidate.email
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

        async def find(_: datetime) -> dict[str, Any] | bool | None:
            known = await email.was_sent(message_id, self._settings)
            return {"message_id": message_id} if known else known

        await self._ledger.once(
            Effect(mail.key, "mail", mail.candidate_id, do=do, find=find, detail={"mail": mail.template})
        )

    @activity.defn(name=Activity.NOTIFY_SLACK)
    async def notify_slack(self, notice: SlackNotice) -> None:
        """Post a notice once; it names the candidate by id, and nobody by name."""
        link = _link(self._settings, notice.candidate_id)
        text = f"{_NOTICES[notice.kind]}: {link or notice.candidate_id}"

        async def do() -> dict[str, Any]:
            await slack.post(self._settings, text)
            return {}

        async def find(_: datetime) -> None:
            """Slack does not tell."""

        await self._ledger.once(
            Effect(notice.key, "slack", notice.candidate_id, do=do, find=find, detail={"notice": notice.kind})
        )

    def _values(self, mail: Mail, candidate: Candidate) -> dict[str, Any]:
        values: dict[str, Any] = {"name": candidate.name, "position": candidate.position}
        if mail.template in ("scheduling", "scheduling_reminder"):
            values["scheduling_url"] = self._settings.scheduling_url.replace("{candidate_id}", mail.candidate_id)
        if mail.template in ("invitation", "cancellation"):
            values |= {
                "call_time": mail.call_time,
                "uid": mail.candidate_id,
                "organizer": self._settings.mail_from,
                "sequence": mail.sequence,
            }
        if mail.template == "withdrawal":
            values["link"] = _link(self._settings, mail.candidate_id)
        return values


def _link(settings: Settings, candidate_id: str) -> str | None:
    base = settings.public_url
    return f"{base.rstrip('/')}/candidates/{candidate_id}" if base else None
