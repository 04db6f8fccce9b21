"""Slack's incoming webhook, by slack_sdk."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiohttp import ClientConnectorError, ClientError, ClientSSLError, InvalidURL
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.webhook.async_client import AsyncWebhookClient
from slack_sdk.webhook.webhook_response import WebhookResponse

from tools.slack.errors import SlackError

_REMEDIES = {
    "invalid_payload": "the blocks are not valid",
    "invalid_blocks": "the blocks are not valid",
    "no_text": "the text is empty",
    "no_service": "the webhook was removed: make a new one and set SLACK_WEBHOOK_URL",
    "no_service_id": "the webhook does not exist: check SLACK_WEBHOOK_URL",
    "no_team": "the workspace does not exist: check SLACK_WEBHOOK_URL",
    "team_disabled": "the workspace is disabled",
    "invalid_token": "the webhook's token is wrong: check SLACK_WEBHOOK_URL",
    "action_prohibited": "an administrator does not permit it",
    "channel_not_found": "the webhook's channel is gone: make a new one and set SLACK_WEBHOOK_URL",
    "channel_is_archived": "the webhook's channel is archived",
    "posting_to_general_channel_denied": "an administrator does not permit posts to that channel",
}

_EMPTY = ("no_text", "invalid_payload")

_SILENT = logging.getLogger("tools.slack.silent")  # the library logs the URL and the message
_SILENT.setLevel(logging.CRITICAL + 1)


class _WaitIfItFits(AsyncRateLimitErrorRetryHandler):
    """Keeps a wait that Slack asks for, once, if it ends before the limit; a longer one is left to the caller."""

    def __init__(self, ends_at: float) -> None:
        super().__init__(max_retry_count=1)
        self._ends_at = ends_at

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        limited = await super()._can_retry_async(state=state, request=request, response=response, error=error)
        if not limited or response is None:
            return False
        wait = _retry_after(response.headers)
        # The library adds up to a second to the wait, and the message itself takes time too.
        return wait is not None and asyncio.get_running_loop().time() + wait + 2 < self._ends_at


async def deliver(url: str, body: dict[str, Any], timeout_seconds: float) -> None:
    """Post a body to a webhook.

    Raises:
        SlackError: Slack did not say that it has the message.
    """
    response = await _posted(url, body, timeout_seconds)
    if response.status_code != 200:
        raise _refused(response.status_code, response.body, _retry_after(response.headers))


async def knock(url: str, timeout_seconds: float) -> None:
    """Post a message without text, which Slack refuses as such (400, no_text) only where the webhook exists.

    Raises:
        SlackError: it is refused for another reason, or there was no answer.
    """
    response = await _posted(url, {"text": ""}, timeout_seconds)
    if response.status_code == 200:
        raise SlackError("What answers there is not Slack: it took a message without text.", status=200)
    if response.status_code != 400 or (response.body or "").strip() not in _EMPTY:
        raise _refused(response.status_code, response.body, _retry_after(response.headers))


async def _posted(url: str, body: dict[str, Any], timeout_seconds: float) -> WebhookResponse:
    loop = asyncio.get_running_loop()
    client = AsyncWebhookClient(
        url,
        timeout=max(1, round(timeout_seconds)),
        logger=_SILENT,
        # Never the library's own handlers: they post again after a broken connection, when it may be there already.
        retry_handlers=[_WaitIfItFits(loop.time() + timeout_seconds)],
    )
    try:
        async with asyncio.timeout(timeout_seconds):
            return await client.send_dict(body)
    except (ClientError, TimeoutError, OSError, ValueError) as error:
        raise _explained(error, timeout_seconds) from error


def _explained(error: Exception, timeout_seconds: float) -> SlackError:
    if isinstance(error, ClientSSLError):
        return SlackError("No trusted TLS with Slack: check SLACK_WEBHOOK_URL, or the proxy between.")
    if isinstance(error, InvalidURL | ValueError):
        return SlackError("SLACK_WEBHOOK_URL is wrong: give the whole URL, https://hooks.slack.com/services/...")
    if isinstance(error, ClientConnectorError):
        return SlackError("Slack cannot be reached.", retryable=True)
    if isinstance(error, TimeoutError):
        return SlackError(f"Slack did not answer within {timeout_seconds:g} s.", retryable=True, uncertain=True)
    return SlackError("Slack broke off the connection.", retryable=True, uncertain=True)


def _refused(status: int, body: str | None, retry_after: float | None) -> SlackError:
    if status == 429:
        return SlackError("Slack is asked too often (429).", retryable=True, status=status, retry_after=retry_after)
    if status >= 500:
        return SlackError(f"Slack has a fault of its own ({status}).", retryable=True, uncertain=True, status=status)
    word = (body or "").strip()
    remedy = _REMEDIES.get(word, "check SLACK_WEBHOOK_URL")
    named = f", {word}" if word in _REMEDIES else ""
    return SlackError(f"Slack refused the message ({status}{named}): {remedy}.", status=status)


def _retry_after(headers: Any) -> float | None:
    """Return the seconds of Retry-After; the library gives a header as text, or as a list of texts."""
    for name, value in dict(headers).items():
        if str(name).lower() == "retry-after":
            text = value[0] if isinstance(value, list | tuple) else value
            try:
                return max(0.0, float(text))
            except ValueError:
                return None
    return None
