"""Notices on Slack: once each, and they name nobody."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from tools.slack.testing import FakeSlack, Fault, fake_slack
from workflows.temporal.contracts import SlackNotice
from workflows.temporal.tests.acting import Stage
from workflows.temporal.tests.parcels import PRIVATE

pytestmark = pytest.mark.anyio

KEY = "slack:late:1"


def notice(stage: Stage) -> SlackNotice:
    return SlackNotice(**stage.whose, kind="late", text="A parcel is late", key=stage.key(KEY))


def notify(stage: Stage, slack: FakeSlack, **changes: Any) -> Any:
    return stage.activities(slack_webhook_url=SecretStr(slack.url), **changes).notices.notify_slack


async def test_it_is_written_once(stage: Stage) -> None:
    for _ in range(2):
        await stage.act(stage.activities().notices.notify_slack, notice(stage))
    (text,) = stage.notices()
    assert text == f"A parcel is late: {stage.entity_id}"
    assert not [word for word in PRIVATE if word in text]
    assert await stage.timeline() == [("slack_sent", {"notice": "late"})]


async def test_it_links_to_the_entity(stage: Stage) -> None:
    async with fake_slack() as slack:
        await stage.act(notify(stage, slack, public_url="https://api.example.com/"), notice(stage))
    (message,) = slack.messages
    assert message["text"] == f"A parcel is late: https://api.example.com/parcels/{stage.entity_id}"


@pytest.mark.parametrize(
    ("fault", "retryable"),
    [
        (Fault(status=404, body="no_service"), False),
        (Fault(status=403, body="action_prohibited to Quillfeather"), False),
        (Fault(status=429, body="slow down", retry_after=3600), True),
    ],
)
async def test_a_certain_refusal_takes_the_claim_back(stage: Stage, fault: Fault, retryable: bool) -> None:
    async with fake_slack() as slack:
        slack.fail(fault)
        error = await stage.refusal(notify(stage, slack), notice(stage))
        assert (error.type, error.non_retryable) == ("SlackError", not retryable)
        assert slack.path not in str(error)
        assert await stage.effect(stage.key(KEY)) is None
        await stage.act(notify(stage, slack), notice(stage))
        assert len(slack.messages) == 1
    assert await stage.events() == ["slack_sent"]


@pytest.mark.parametrize("fault", [Fault(status=500, done=True), Fault(reset=True, done=True)])
async def test_an_answer_that_was_lost_is_told(stage: Stage, fault: Fault) -> None:
    async with fake_slack() as slack:
        slack.fail(fault)
        assert not (await stage.refusal(notify(stage, slack), notice(stage))).non_retryable
        await stage.act(notify(stage, slack), notice(stage))
        assert len(slack.messages) == 2
    assert await stage.events() == ["slack_uncertain", "slack_sent"]


async def test_slack_that_is_away(stage: Stage) -> None:
    async with fake_slack() as slack:
        act = notify(stage, slack)
    error = await stage.refusal(act, notice(stage))
    assert not error.non_retryable
    assert await stage.effect(stage.key(KEY)) is None


async def test_an_erased_entity(stage: Stage) -> None:
    await stage.erase()
    error = await stage.refusal(stage.activities().notices.notify_slack, notice(stage))
    assert (error.type, error.non_retryable) == ("EntityGone", True)
    assert stage.notices() == []
