"""Against a server that answers as Slack does, and without one."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from configuration.base import ROOT, SettingsError, load_settings
from configuration.slack import SlackSettings
from tools import slack
from tools.slack.testing import FakeSlack, Fault, fake_slack
from tools.slack.tests.conftest import Make

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def server() -> AsyncIterator[FakeSlack]:
    async with fake_slack() as running:
        yield running


@pytest.fixture
def settings(make: Make, server: FakeSlack) -> SlackSettings:
    return make(slack_webhook_url=server.url)


async def refused(settings: SlackSettings, *, limit: float = 5.0) -> slack.SlackError:
    """The error of posting, which is one sentence without the message or the webhook."""
    with pytest.raises(slack.SlackError) as caught:
        await slack.post(settings, "Zebulon", timeout_seconds=limit)
    for word in ("Zebulon", "/services/T", "\n"):
        assert word not in str(caught.value)
    return caught.value


async def test_a_message_arrives_as_text(settings: SlackSettings, server: FakeSlack) -> None:
    posted = await slack.post(settings, "Ann & Bob: <!channel> <@U1> <https://x.y|click> 😀")
    assert posted == slack.Posted("slack")
    (message,) = server.messages
    assert message == {"text": "Ann &amp; Bob: &lt;!channel&gt; &lt;@U1&gt; &lt;https://x.y|click&gt; 😀"}


async def test_blocks_go_as_they_are(settings: SlackSettings, server: FakeSlack) -> None:
    said = f"*{slack.escape('<b>')}* {slack.link('https://x.y/?a=1&b=|>', 'open | <it>')}"
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": said}}]
    await slack.post(settings, "short", blocks=blocks)
    assert server.messages[0]["blocks"] == blocks
    assert said == "*&lt;b&gt;* <https://x.y/?a=1&amp;b=%7C&gt;|open / &lt;it&gt;>"


async def test_a_long_text_is_cut(settings: SlackSettings, server: FakeSlack) -> None:
    await slack.post(settings, "x" * 5000 + "\ud800")
    assert server.messages[0]["text"] == "x" * 2997 + "..."


async def test_an_empty_text_is_refused(make: Make) -> None:
    with pytest.raises(slack.SlackError, match="text is empty"):
        await slack.post(make(), " \n")


async def test_a_short_wait_is_kept(settings: SlackSettings, server: FakeSlack) -> None:
    server.fail(Fault(429, "rate_limited", retry_after=1))
    start = time.monotonic()
    await slack.post(settings, "hello")
    assert 1 <= time.monotonic() - start < 3
    assert server.requests == 2
    assert len(server.messages) == 1


async def test_a_long_wait_is_left_to_the_caller(settings: SlackSettings, server: FakeSlack) -> None:
    server.fail(Fault(429, "rate_limited", retry_after=30))
    start = time.monotonic()
    error = await refused(settings)
    assert time.monotonic() - start < 1
    assert (error.retryable, error.uncertain, error.status, error.retry_after) == (True, False, 429, 30)
    assert server.requests == 1


async def test_a_second_wait_is_left_to_the_caller(settings: SlackSettings, server: FakeSlack) -> None:
    server.fail(Fault(429, retry_after=0), times=2)
    error = await refused(settings)
    assert (error.status, error.retry_after) == (429, 0)
    assert server.requests == 2


@pytest.mark.parametrize(
    ("fault", "retryable", "uncertain", "words"),
    [
        (Fault(400, "invalid_payload"), False, False, "blocks"),
        (Fault(403, "action_prohibited"), False, False, "administrator"),
        (Fault(404, "no_service"), False, False, "make a new one"),
        (Fault(410, "channel_is_archived"), False, False, "archived"),
        (Fault(400, "Zebulon"), False, False, "400"),
        (Fault(302, ""), False, False, "302"),
        (Fault(429, "rate_limited"), True, False, "429"),
        (Fault(500, "rollup_error"), True, True, "500"),
        (Fault(503, "<html>"), True, True, "503"),
        (Fault(reset=True), True, True, "broke off"),
        (Fault(reset=True, done=True), True, True, "broke off"),
    ],
)
async def test_faults(
    settings: SlackSettings, server: FakeSlack, fault: Fault, retryable: bool, uncertain: bool, words: str
) -> None:
    server.fail(fault)
    error = await refused(settings)
    assert (error.retryable, error.uncertain) == (retryable, uncertain)
    assert error.status == (fault.status or None)
    assert words in str(error)
    assert server.requests == 1, "only a rate limit is waited for"
    assert len(server.messages) == fault.done


async def test_a_wrong_webhook(make: Make, server: FakeSlack) -> None:
    error = await refused(make(slack_webhook_url=f"{server.url}x"))
    assert (error.status, error.retryable) == (404, False)


async def test_slack_is_slow(settings: SlackSettings, server: FakeSlack) -> None:
    server.fail(Fault(delay_seconds=5))
    start = time.monotonic()
    error = await refused(settings, limit=0.3)
    assert time.monotonic() - start < 2
    assert (error.retryable, error.uncertain) == (True, True)


async def test_slack_is_gone(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    error = await refused(make(slack_webhook_url=f"http://127.0.0.1:{port}/services/T1"))
    assert (error.retryable, error.uncertain) == (True, False)


async def test_tls_where_there_is_none(make: Make, server: FakeSlack) -> None:
    error = await refused(make(slack_webhook_url=server.url.replace("http://", "https://")))
    assert (error.retryable, error.uncertain) == (False, False)


async def test_logs_hold_no_message_and_no_webhook(
    settings: SlackSettings, server: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await slack.post(settings, "Zebulon")
    server.fail(Fault(500))
    await refused(settings)
    assert "Zebulon" not in caplog.text
    assert server.path not in caplog.text


async def test_without_a_webhook_messages_are_lines_of_a_file(make: Make) -> None:
    settings = make()
    await asyncio.gather(*(slack.post(settings, f"{number}\n<b>") for number in range(20)))
    posted = await slack.post(settings, "last", blocks=[{"type": "divider"}])
    assert Path(posted.where) == settings.dev_path / "slack.jsonl"
    assert stat.S_IMODE(Path(posted.where).stat().st_mode) == 0o600
    lines = [json.loads(line) for line in Path(posted.where).read_text().splitlines()]
    assert {line["text"] for line in lines[:20]} == {f"{number}\n&lt;b&gt;" for number in range(20)}
    assert lines[20]["blocks"] == [{"type": "divider"}]
    assert lines[20]["at"]


async def test_a_folder_that_cannot_be_written_is_told_with_the_remedy(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(slack.SlackError, match="set SLACK_WEBHOOK_URL, or DEV_FOLDER"):
        await slack.post(make(dev_folder=tmp_path / "file"), "hello")


def test_a_wrong_webhook_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "hooks.slack.com/s3cret")
    with pytest.raises(SettingsError, match=r"^SLACK_WEBHOOK_URL is wrong: ") as caught:
        load_settings(SlackSettings)
    assert "s3cret" not in str(caught.value)


def test_the_webhook_is_not_shown(make: Make) -> None:
    assert "s3cret" not in repr(make(slack_webhook_url="https://h/s3cret"))


def test_importing_the_tool_imports_no_library() -> None:
    heavy = ["aiohttp", "slack_sdk", "pydantic"]
    code = f"import sys; from tools import slack; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
