"""Whether Slack knows the webhook.

An incoming webhook can do nothing but post. So an empty message is posted, which nobody sees: Slack refuses it with 400
and `no_text` where the webhook exists, and with 403, 404 or 410 where it does not, or may not post any more.
"""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from configuration.slack import SlackSettings
from tools.checking import Finding, State
from tools.slack.errors import SlackError

SETTINGS = SlackSettings

_LIMIT_SECONDS = 8.0


def state(settings: SlackSettings) -> State:
    """Say where messages go."""
    if settings.slack_webhook_url is None:
        folder = settings.dev_folder
        return State("default", f"SLACK_WEBHOOK_URL is empty: messages become lines of {folder}/slack.jsonl.")
    host = urlsplit(settings.slack_webhook_url.get_secret_value()).hostname
    return State("configured", f"Messages go to a webhook of {host}.")


async def check(settings: SlackSettings) -> list[Finding]:
    """Post an empty message, which Slack refuses in a way that tells whether the webhook exists."""
    if settings.slack_webhook_url is None:
        return []
    from tools.slack.client import knock

    began = time.monotonic()
    try:
        await knock(settings.slack_webhook_url.get_secret_value(), _LIMIT_SECONDS)
    except SlackError as error:
        return [Finding("webhook", False, str(error), _remedy(error))]
    took = f"{(time.monotonic() - began) * 1000:.0f} ms"
    said = f"Slack knows the webhook: it refused an empty message in {took}, and nothing was posted."
    return [Finding("webhook", True, said)]


def _remedy(error: SlackError) -> str:
    if error.status == 429:
        wait = "a while" if error.retry_after is None else f"{error.retry_after:g} s"
        return f"Wait {wait} and run this again; if it stays, post less often."
    if error.status is not None and error.status >= 500:
        return "Wait and run this again; https://slack-status.com tells of outages."
    if error.status is not None:
        return "Make a new webhook in the Slack app's settings, and set SLACK_WEBHOOK_URL to its whole URL."
    if error.retryable:
        return "Check the host in SLACK_WEBHOOK_URL, and that this machine may reach it."
    return "Check SLACK_WEBHOOK_URL and, where a proxy stands between, its certificate."
