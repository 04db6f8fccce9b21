"""The usual failures of each service, through the activities: one sentence, and whether and when to try again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tools.email.testing import fake_smtp
from tools.slack.testing import Fault as SlackFault
from tools.slack.testing import fake_slack
from tools.telephony.testing import Fault as TwilioFault
from tools.telephony.testing import fake_twilio
from workflows.temporal.contracts import SlackNotice
from workflows.temporal.hiring_contracts import Mail, PlaceCall
from workflows.temporal.tests.hiring_acting import HiringStage, hiring_stage
from workflows.temporal.tests.servers import free_port

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def stage(database_url: str, tmp_path: Path) -> AsyncIterator[HiringStage]:
    async with hiring_stage(database_url, tmp_path) as stage:
        yield stage


@dataclass
class Service:
    """A service that runs, and the settings with which each failure is met; `answers` makes it answer so, once."""

    settings: dict[str, dict[str, Any]]
    answers: Callable[[float | None], None]
    secrets: list[str] = field(default_factory=list)


@asynccontextmanager
async def smtp() -> AsyncIterator[Service]:
    async with fake_smtp("starttls", username="me", password="s3cret") as server:

        def settings(url: str) -> dict[str, Any]:
            return {"smtp_url": SecretStr(url)}

        yield Service(
            {
                "well": settings(server.url),
                "password": settings(server.url_with("me", "not-s3cret")),
                "dead": settings(f"smtp://127.0.0.1:{free_port()}"),
                # The name in the certificate is 127.0.0.1.
                "tls": settings(server.url_with("me", "s3cret", host="localhost")),
            },
            lambda _: server.answer("MAIL", "450 4.7.1 slower"),
            ["s3cret"],
        )


@asynccontextmanager
async def slack() -> AsyncIterator[Service]:
    async with fake_slack() as server:

        def settings(url: str) -> dict[str, Any]:
            return {"slack_webhook_url": SecretStr(url)}

        yield Service(
            {
                "well": settings(server.url),
                "password": settings(f"{server.url}-not"),
                "dead": settings(f"http://127.0.0.1:{free_port()}{server.path}"),
                "tls": settings(server.url.replace("http://", "https://")),
            },
            lambda seconds: server.fail(SlackFault(status=429, retry_after=None if seconds is None else int(seconds))),
            [server.path],
        )


@asynccontextmanager
async def twilio() -> AsyncIterator[Service]:
    async with fake_twilio() as server:

        def settings(**changes: Any) -> dict[str, Any]:
            given = {**server.settings(), "public_url": "https://api.example.com", **changes}
            return {**given, "twilio_auth_token": SecretStr(str(given["twilio_auth_token"]))}

        yield Service(
            {
                "well": settings(),
                "password": settings(twilio_auth_token="s3cret"),
                "dead": settings(twilio_api_url=f"http://127.0.0.1:{free_port()}"),
                "tls": settings(twilio_api_url=server.url.replace("http://", "https://")),
            },
            lambda seconds: server.fail(TwilioFault(status=429, retry_after=None if seconds is None else int(seconds))),
            ["s3cret", server.auth_token, server.account_sid],
        )


SERVICES: dict[str, Callable[[], Any]] = {"smtp": smtp, "slack": slack, "twilio": twilio}

# The failure, what the service answers then (None: nothing special), for good or not, and the wait that is kept.
FAILURES: list[tuple[str, tuple[float | None] | None, bool, dict[str, timedelta | None]]] = [
    ("password", None, True, {}),
    ("dead", None, False, {}),
    ("tls", None, True, {}),
    ("well", (None,), False, {}),
    ("well", (30,), False, dict.fromkeys(("slack", "twilio"), timedelta(seconds=30))),
    # Longer than the process pauses by itself: it asks earlier, and may be told so again.
    ("well", (86_400,), False, dict.fromkeys(("slack", "twilio"), timedelta(minutes=10))),
]


def act(stage: HiringStage, service: str, settings: dict[str, Any]) -> tuple[Callable[[Any], Awaitable[Any]], Any]:
    """Return the activity that uses a service, and its argument."""
    hiring, key = stage.hiring(**settings), stage.key("once")
    if service == "smtp":
        return hiring.mails.send_mail, Mail(**stage.whose, template="rejection", key=key)
    if service == "slack":
        notice = SlackNotice(**stage.whose, kind="decision_due", text="A candidate waits", key=key)
        return stage.activities(**settings).notices.notify_slack, notice
    return hiring.calls.place_call, PlaceCall(**stage.whose, key=key)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(("failure", "answer", "for_good", "waits"), FAILURES)
async def test_a_failure_is_of_the_right_class(
    stage: HiringStage,
    service: str,
    failure: str,
    answer: tuple[float | None] | None,
    for_good: bool,
    waits: dict[str, timedelta | None],
) -> None:
    async with SERVICES[service]() as running:
        if answer is not None:
            running.answers(*answer)
        error = await stage.refusal(*act(stage, service, running.settings[failure]))
        assert error.non_retryable is for_good, str(error)
        assert error.next_retry_delay == waits.get(service)
        sentence = str(error).partition(": ")[2]
        assert sentence.endswith((".", ".)"))
        assert "\n" not in str(error)
        assert not [secret for secret in running.secrets if secret in str(error)]
        # Nothing happened, so the next try may begin at once, and goes through.
        assert await stage.effect(stage.key("once")) is None
        await stage.act(*act(stage, service, running.settings["well"]))
        assert await stage.effect(stage.key("once")) == "done"
