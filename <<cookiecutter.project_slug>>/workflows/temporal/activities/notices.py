"""Notices to the team on Slack."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from temporalio import activity

from db.entities import entity_type
from settings import Settings
from tools import slack
from workflows.temporal.activities.entities import Whose, whose
from workflows.temporal.activities.ledger import Effect, Ledger
from workflows.temporal.contracts import Activity, SlackNotice


class NoticeActivities:
    """Activities that tell the team."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger

    @activity.defn(name=Activity.NOTIFY_SLACK)
    async def notify_slack(self, notice: SlackNotice) -> None:
        """Post a notice once; it names the entity by id, and nobody by name."""
        entity = whose(notice)
        text = f"{notice.text}: {link(self._settings, entity) or entity.id}"

        async def do() -> dict[str, Any]:
            await slack.post(self._settings, text)
            return {}

        async def find(_: datetime) -> None:
            """Slack does not tell."""

        await self._ledger.once(Effect(notice.key, "slack", entity, do=do, find=find, detail={"notice": notice.kind}))


def link(settings: Settings, entity: Whose) -> str | None:
    """Return where people look at an entity; None where PUBLIC_URL is not set."""
    base = settings.public_url
    return f"{base.rstrip('/')}/{entity_type(entity.type).plural}/{entity.id}" if base else None
