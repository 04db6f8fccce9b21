"""Telling people by a mail server and by Slack, which fail, are slow, or are cut off: each is told once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from configuration.base import ROOT
from configuration.reports import ReportSettings
from tools import reports, slack
from tools.email.testing import FakeSmtp, fake_smtp
from tools.email.testing import Fault as MailFault
from tools.reports import tell
from tools.reports.tests.conftest import Make, report
from tools.slack.testing import FakeSlack, fake_slack
from tools.slack.testing import Fault as SlackFault

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ANN, BOB, CAT = "ann@example.com", "bob@example.com", "cat@example.com"


@pytest.fixture
async def smtp() -> AsyncIterator[FakeSmtp]:
    async with fake_smtp() as running:
        yield running


@pytest.fixture
async def channel() -> AsyncIterator[FakeSlack]:
    async with fake_slack() as running:
        yield running


@pytest.fixture
def settings(make: Make, smtp: FakeSmtp, channel: FakeSlack) -> ReportSettings:
    return make(report_emails=f"{ANN},{BOB},{CAT}", smtp_url=smtp.url, slack_webhook_url=channel.url)


def told(smtp: FakeSmtp) -> list[str]:
    """Who got a mail, in order."""
    return [received.recipients[0] for received in smtp.mails]


async def failing(settings: ReportSettings, *, resend: bool = False) -> reports.ReportError:
    """Publish, and return the error that must come of it."""
    with pytest.raises(reports.ReportError) as caught:
        await reports.publish_async(report(), resend=resend, settings=settings)
    return caught.value


async def test_twice_is_one_mail_each_and_one_post(
    settings: ReportSettings, smtp: FakeSmtp, channel: FakeSlack
) -> None:
    first = await reports.publish_async(report(), settings=settings)
    second = await reports.publish_async(report(), settings=settings)
    assert (first.mailed, first.posted) == ([ANN, BOB, CAT], True)
    assert (second.mailed, second.posted, second.already) == ([], False, [ANN, BOB, CAT, "slack"])
    assert told(smtp) == [ANN, BOB, CAT]
    assert len({received.message_id for received in smtp.mails}) == 3
    (post,) = channel.messages
    assert "*Orders, 25 November 2026*\n12 received, 3 delivered" in json.dumps(post, ensure_ascii=False).replace(
        "\\n", "\n"
    )
    assert ["set S3_BUCKET" in note for note in second.notes] == [True]  # the link is a file's
    other = await reports.publish_async(report("2026-11-26"), settings=settings)
    assert (other.mailed, other.posted) == ([ANN, BOB, CAT], True)


async def test_a_resend_tells_everybody_by_new_mails(
    settings: ReportSettings, smtp: FakeSmtp, channel: FakeSlack
) -> None:
    for resend in (False, True, False, True):
        await reports.publish_async(report(), resend=resend, settings=settings)
    assert told(smtp) == [ANN, BOB, CAT] * 3
    assert len({received.message_id for received in smtp.mails}) == 9
    assert len(channel.messages) == 3


async def test_a_dead_mail_server_leaves_the_report_and_the_next_run_only_mails(
    settings: ReportSettings, smtp: FakeSmtp, channel: FakeSlack, make: Make, tmp_path: Path
) -> None:
    dead = make(**{**settings.model_dump(), "smtp_url": "smtp://127.0.0.1:1"})
    error = await failing(dead)
    assert (error.stored, error.retryable) == (True, True)
    assert str(error) == (
        "The report is stored, but not everybody was told (addresses 1, 2, 3 of REPORT_EMAILS: The mail server "
        "127.0.0.1:1 cannot be reached); a further run tells only those."
    )
    assert (tmp_path / "dev/storage/reports/2026-11-25/report.html").exists()
    assert len(channel.messages) == 1
    published = await reports.publish_async(report(), settings=settings)
    assert (published.mailed, published.posted, published.already) == ([ANN, BOB, CAT], False, ["slack"])
    assert (told(smtp), len(channel.messages)) == ([ANN, BOB, CAT], 1)


async def test_one_address_that_is_refused_does_not_keep_the_others(
    settings: ReportSettings, smtp: FakeSmtp, channel: FakeSlack
) -> None:
    smtp.fail("RCPT", MailFault())
    smtp.answer("RCPT", "550 5.1.1 no such user")
    error = await failing(settings)
    assert (error.stored, error.retryable) == (True, False)
    assert "(address 2 of REPORT_EMAILS: The mail server" in str(error)
    assert "refused the recipient (550 5.1.1)" in str(error)
    assert "example.com" not in str(error)
    assert told(smtp) == [ANN, CAT]
    published = await reports.publish_async(report(), settings=settings)
    assert (published.mailed, published.already) == ([BOB], [ANN, CAT, "slack"])
    assert len(channel.messages) == 1


async def test_a_mail_without_an_answer_goes_again_as_the_same_mail_and_it_is_said(
    settings: ReportSettings, smtp: FakeSmtp
) -> None:
    smtp.fail("DATA", MailFault(drop=True, done=True))
    error = await failing(settings)
    assert "addresses 1, 2, 3 of REPORT_EMAILS" in str(error)
    published = await reports.publish_async(report(), settings=settings)
    assert told(smtp) == [ANN, ANN, BOB, CAT]
    assert smtp.mails[0].message_id == smtp.mails[1].message_id
    assert any("mail to address 1 of REPORT_EMAILS may have gone before" in note for note in published.notes)
    assert not any("address 2" in note for note in published.notes)


@pytest.mark.parametrize(("status", "posts"), [(429, 1), (404, 1)])
async def test_a_refusal_by_slack_leaves_the_mails_and_the_next_run_only_posts(
    settings: ReportSettings, smtp: FakeSmtp, channel: FakeSlack, status: int, posts: int
) -> None:
    channel.fail(SlackFault(status=status, retry_after=60 if status == 429 else None))
    error = await failing(settings)
    assert (error.stored, error.retryable) == (True, status == 429)
    assert "(Slack: Slack " in str(error)
    published = await reports.publish_async(report(), settings=settings)
    assert (published.mailed, published.posted, published.already) == ([], True, [ANN, BOB, CAT])
    assert (len(smtp.mails), len(channel.messages)) == (3, posts)


async def test_a_post_without_an_answer_is_not_repeated_until_a_resend(
    settings: ReportSettings, channel: FakeSlack
) -> None:
    channel.fail(SlackFault(reset=True, done=True))
    error = await failing(settings)
    assert "so it is not posted again unless you publish with resend" in str(error)
    assert not error.retryable
    published = await reports.publish_async(report(), settings=settings)
    assert (published.posted, len(channel.messages)) == (False, 1)
    assert any("Whether Slack has the message about this report is not known" in note for note in published.notes)
    assert (await reports.publish_async(report(), resend=True, settings=settings)).posted


async def test_everything_fails_in_one_sentence(settings: ReportSettings, smtp: FakeSmtp, channel: FakeSlack) -> None:
    smtp.answer("MAIL", "451 4.3.0 later", times=3)
    channel.fail(SlackFault(status=403, body="invalid_token"))
    error = await failing(settings)
    assert str(error).count("later") == 0
    assert "addresses 1, 2, 3 of REPORT_EMAILS: The mail server" in str(error)
    assert "refused the sender (451 4.3.0)" in str(error)
    assert "; Slack: Slack refused the message (403, invalid_token)" in str(error)
    assert channel.path not in str(error)


async def test_a_list_of_who_was_told_that_is_broken_stops_until_a_resend(
    settings: ReportSettings, smtp: FakeSmtp, tmp_path: Path
) -> None:
    ledger = tmp_path / "dev/storage/reports/2026-11-25/sent.json"
    ledger.parent.mkdir(parents=True)
    for content in (b"", b"[]", b'{"round": 1}', b'{"round": 1, "messages": {"slack": {}}}', b"\xff"):
        ledger.write_bytes(content)
        error = await failing(settings)
        assert str(error).startswith("sent.json beside the report is no list of who was told: remove it")
        assert error.stored
    assert smtp.mails == []
    await reports.publish_async(report(), resend=True, settings=settings)
    await reports.publish_async(report(), settings=settings)
    assert told(smtp) == [ANN, BOB, CAT]


async def test_a_folder_that_cannot_be_written_is_told_and_nobody_is_mailed(
    make: Make, smtp: FakeSmtp, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    error = await failing(make(report_emails=ANN, smtp_url=smtp.url, dev_folder=tmp_path / "file"))
    assert str(error).startswith("The report is not stored: The folder ")
    assert not error.stored
    assert smtp.mails == []


async def test_in_production_without_slack_nothing_is_posted(make: Make, smtp: FakeSmtp, tmp_path: Path) -> None:
    settings = make(report_emails=ANN, smtp_url=smtp.url, environment="production")
    published = await reports.publish_async(report(), settings=settings)
    assert (published.mailed, published.posted) == ([ANN], False)
    assert not (tmp_path / "dev/slack.jsonl").exists()


PROGRAM = """
from tools import reports
from tools.reports import tell
from tools.reports.tests.conftest import report
reports.publish(report())
"""


async def killed(settings: ReportSettings, smtp: FakeSmtp, channel: FakeSlack, *, mails: int, posts: int) -> None:
    """Publish in a process of its own, which is killed once so many mails and posts were taken."""
    assert settings.smtp_url is not None
    assert settings.slack_webhook_url is not None
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DEV_FOLDER": str(settings.dev_folder),
        "SMTP_URL": settings.smtp_url.get_secret_value(),
        "SLACK_WEBHOOK_URL": settings.slack_webhook_url.get_secret_value(),
        "REPORT_EMAILS": ",".join(settings.report_emails),
        "ENV_FILE": os.devnull,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, env=environment)
    async with asyncio.timeout(30):
        while (len(smtp.mails), len(channel.messages)) != (mails, posts):
            assert process.returncode is None
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL


async def test_a_run_that_is_killed_after_the_mail_and_before_the_note(
    settings: ReportSettings, smtp: FakeSmtp, channel: FakeSlack
) -> None:
    smtp.fail("DATA", MailFault())
    smtp.fail("DATA", MailFault(delay_seconds=20, done=True))
    await killed(settings, smtp, channel, mails=2, posts=0)
    published = await reports.publish_async(report(), settings=settings)
    assert told(smtp) == [ANN, BOB, BOB, CAT]
    assert smtp.mails[1].message_id == smtp.mails[2].message_id
    assert (published.mailed, published.already, published.posted) == ([BOB, CAT], [ANN], True)
    assert any("address 2 of REPORT_EMAILS may have gone before" in note for note in published.notes)


async def test_a_run_that_is_killed_after_the_post_and_before_the_note(
    settings: ReportSettings, smtp: FakeSmtp, channel: FakeSlack
) -> None:
    channel.fail(SlackFault(delay_seconds=20, done=True))
    await killed(settings, smtp, channel, mails=3, posts=1)
    published = await reports.publish_async(report(), settings=settings)
    assert (published.mailed, published.already, published.posted) == ([], [ANN, BOB, CAT], False)
    assert any("not posted again unless you publish with resend" in note for note in published.notes)
    assert (len(smtp.mails), len(channel.messages)) == (3, 1)


async def test_in_slack_a_title_is_text_and_no_mention(settings: ReportSettings, channel: FakeSlack) -> None:
    await reports.publish_async(report(title="<!channel>\n & co \ud800"), settings=settings)
    (post,) = channel.messages
    assert post["blocks"][0]["text"]["text"].startswith(f"*{slack.escape('<!channel> & co ?')}*\n12 received")


async def test_a_link_too_long_for_slack_is_replaced_by_the_place(make: Make, channel: FakeSlack) -> None:
    settings = make(
        slack_webhook_url=channel.url, s3_bucket="reports", s3_access_key_id="K", s3_secret_access_key="s" * 40
    )
    for length, shown in ((1000, "|Open the report>"), (4000, "s3://reports/reports/2026-11-25/report.html")):
        url = "https://s3.example.com/report.html?token=" + "x" * length
        published = reports.Published(url, url, ["s3://reports/reports/2026-11-25/report.html", "s3://…"])
        await slack.post(settings, "A report", blocks=tell._blocks(report(), published))
        (text,) = [block["text"]["text"] for block in channel.messages[-1]["blocks"][1:]]
        assert text.endswith(shown)
