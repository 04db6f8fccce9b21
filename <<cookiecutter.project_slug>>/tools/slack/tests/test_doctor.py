"""What the doctor finds of Slack: it posts nothing."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import pytest
import trustme
from aiohttp import web

from tools.slack import doctor
from tools.slack.testing import FakeSlack, Fault, fake_slack
from tools.slack.tests.conftest import Make

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def server() -> AsyncIterator[FakeSlack]:
    async with fake_slack() as running:
        yield running


def test_the_state_looks_at_settings_only(make: Make) -> None:
    assert doctor.state(make()).kind == "default"
    state = doctor.state(make(slack_webhook_url="https://hooks.slack.com/services/s3cret"))
    assert (state.kind, state.detail) == ("configured", "Messages go to a webhook of hooks.slack.com.")


async def test_a_webhook_that_is_known(make: Make, server: FakeSlack) -> None:
    (finding,) = await doctor.check(make(slack_webhook_url=server.url))
    assert finding.ok
    assert "nothing was posted" in finding.detail
    assert (server.requests, server.messages) == (1, [])
    assert await doctor.check(make()) == []


@pytest.mark.parametrize(
    ("fault", "words", "remedy"),
    [
        (Fault(status=403, body="invalid_token"), "(403, invalid_token)", "Make a new webhook"),
        (Fault(status=403, body="action_prohibited"), "an administrator does not permit it", "Make a new webhook"),
        (Fault(status=404, body="no_service"), "(404, no_service)", "Make a new webhook"),
        (Fault(status=410, body="channel_is_archived"), "channel is archived", "Make a new webhook"),
        (Fault(status=400, body="no_team"), "(400, no_team)", "Make a new webhook"),
        (Fault(status=429, retry_after=30), "asked too often (429)", "Wait 30 s and run this again"),
        (Fault(status=503), "has a fault of its own (503)", "Wait and run this again"),
        (Fault(status=200, body="ok"), "is not Slack", "Make a new webhook"),
        (Fault(reset=True), "broke off the connection", "Check the host in SLACK_WEBHOOK_URL"),
    ],
)
async def test_a_fault_is_one_sentence_with_its_remedy(
    make: Make, server: FakeSlack, fault: Fault, words: str, remedy: str
) -> None:
    server.fail(fault)
    (finding,) = await doctor.check(make(slack_webhook_url=server.url))
    assert not finding.ok
    assert words in finding.detail
    assert remedy in finding.remedy
    for text in (finding.detail, finding.remedy):
        assert text.endswith(".")
        assert server.path not in text
        assert "\n" not in text
    assert server.messages == []


async def test_a_dead_host(make: Make) -> None:
    async with fake_slack() as server:
        url = server.url
    (finding,) = await doctor.check(make(slack_webhook_url=url))
    assert (finding.ok, finding.detail) == (False, "Slack cannot be reached.")


async def test_a_certificate_that_is_not_trusted(make: Make) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    runner = web.AppRunner(web.Application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        host, port = runner.addresses[0][:2]
        (finding,) = await doctor.check(make(slack_webhook_url=f"https://{host}:{port}/services/x"))
        assert (finding.ok, finding.detail.partition(":")[0]) == (False, "No trusted TLS with Slack")
        assert "certificate" in finding.remedy
        (finding,) = await doctor.check(make(slack_webhook_url=f"http://{host}:{port}/services/x"))
        assert not finding.ok
    finally:
        await runner.cleanup()
