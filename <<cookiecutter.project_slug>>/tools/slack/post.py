"""Posts a message."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.slack import recorder
from tools.slack.errors import SlackError
from tools.slack.text import shown

if TYPE_CHECKING:
    from configuration.slack import SlackSettings

TIMEOUT_SECONDS = 10.0
"""Longest time that posting takes, a wait that Slack asks for included."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message went: "slack", or the file that it was written to."""

    where: str


async def post(
    settings: SlackSettings,
    text: str,
    *,
    blocks: Sequence[Mapping[str, Any]] | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Posted:
    """Post to the webhook of SLACK_WEBHOOK_URL; without one append a line to DEV_FOLDER/slack.jsonl.

    Args:
        settings: the webhook.
        text: plain text, which is escaped; with blocks, what notifications show. More than 3000 characters are cut.
        blocks: Slack's Block Kit, sent as it is: put text of people through `escape`.
        timeout_seconds: longest time for all of it. A wait that Slack asks for (429) is kept, once, if it fits.

    Raises:
        SlackError: it was not posted, or (`uncertain`) whether it was is not known.
    """
    body: dict[str, Any] = {"text": shown(text)}
    if not body["text"].strip():
        raise SlackError("text is empty: say something.")
    if blocks is not None:
        body["blocks"] = [dict(block) for block in blocks]
    if settings.slack_webhook_url is None:
        path = await asyncio.to_thread(recorder.record, settings, body)
        level = logging.WARNING if settings.environment == "production" else logging.INFO
        logger.log(level, "SLACK_WEBHOOK_URL is empty: a message was written to %s", path)
        return Posted(str(path))
    from tools.slack.client import deliver

    await deliver(settings.slack_webhook_url.get_secret_value(), body, timeout_seconds)
    logger.info("A message was posted to Slack.")
    return Posted("slack")
