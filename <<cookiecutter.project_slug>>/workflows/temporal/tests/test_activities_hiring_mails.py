"""Mails: each template, each once, and what happens when the server refuses, is away, or its answer is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import SecretStr

from tools.email.testing import Fault, fake_smtp
from workflows.temporal.hiring_contracts import Mail, MailTemplate
from workflows.temporal.tests.hiring_acting import PERSON, RECRUITER, HiringStage, hiring_stage

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

CALL_TIME = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)


@pytest.fixture
async def stage(database_url: str, tmp_path: Path) -> AsyncIterator[HiringStage]:
    async with hiring_stage(database_url, tmp_path) as stage:
        yield stage


def mail(stage: HiringStage, template: MailTemplate = "scheduling", **changes: Any) -> Mail:
    given: dict[str, Any] = {
        **stage.whose,
        "template": template,
        "key": stage.key(f"mail:{template}:1"),
    }
    if template in ("invitation", "cancellation"):
        given |= {"call_time": CALL_TIME, "sequence": 2}
    return Mail.model_validate({**given, **changes})


def body(message: Any) -> str:
    part = message.get_body(("plain",))
    return str(part.get_content())


class TestTemplates:
    @pytest.mark.parametrize("template", get_args(MailTemplate))
    async def test_each_is_written_once(self, stage: HiringStage, template: MailTemplate) -> None:
        send = stage.hiring(public_url="https://api.example.com/").mails.send_mail
        for _ in range(2):
            await stage.act(send, mail(stage, template))
        (message,) = stage.mails()
        assert message["To"] == (RECRUITER if template == "withdrawal" else PERSON["email"])
        assert PERSON["position"] in body(message)
        assert await stage.timeline() == [("mail_sent", {"mail": template})]
        assert await stage.effect(stage.key(f"mail:{template}:1")) == "done"

    async def test_links_and_times(self, stage: HiringStage) -> None:
        send = stage.hiring(
            public_url="https://api.example.com/", scheduling_url="https://book.example.com/{candidate_id}"
        ).mails.send_mail
        for template in ("scheduling", "scheduling_reminder", "invitation", "withdrawal"):
            await stage.act(send, mail(stage, template))
        texts = {message["Subject"]: body(message) for message in stage.mails()}
        assert sum(f"https://book.example.com/{stage.entity_id}" in text for text in texts.values()) == 2
        assert sum(f"https://api.example.com/candidates/{stage.entity_id}" in text for text in texts.values()) == 1
        assert sum("3 March 2026 at 14:00" in text for text in texts.values()) == 1

    async def test_versions_of_one_entry_in_the_calendar(self, stage: HiringStage) -> None:
        send = stage.hiring().mails.send_mail
        await stage.act(send, mail(stage, "invitation", key=stage.key("a"), sequence=1))
        await stage.act(send, mail(stage, "invitation", key=stage.key("b"), sequence=2))
        await stage.act(send, mail(stage, "cancellation", key=stage.key("c"), sequence=3))
        found = []
        for message in stage.mails():
            entry: Any = next(part for part in message.walk() if part.get_content_type() == "text/calendar")
            text = entry.get_content().replace("\r\n ", "")
            assert f"UID:{stage.entity_id}" in text
            found.append(text.partition("SEQUENCE:")[2].split()[0])
        assert sorted(found) == ["1", "2", "3"]

    async def test_nobody_is_told_of_a_withdrawal_without_a_recruiter(self, stage: HiringStage) -> None:
        await stage.act(stage.hiring(recruiter_email=None).mails.send_mail, mail(stage, "withdrawal"))
        assert stage.mails() == []
        assert await stage.events() == []

    async def test_an_invitation_without_a_time_is_a_fault(self, stage: HiringStage) -> None:
        send = stage.hiring().mails.send_mail
        error = await stage.refusal(send, mail(stage, "invitation", call_time=None))
        assert error.non_retryable
        assert "call_time" in str(error)
        assert await stage.effect(stage.key("mail:invitation:1")) is None


class TestRefusals:
    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("email", "Quillfeather at home", "to is no mail address"),
            ("email", "quill.zach@example.org\r\nBcc: all@example.org", "to is no mail address"),
            ("email", "quill.zach@example.org, Snoring@example.org", "to is no mail address"),
            ("name", "", "name"),
            ("name", "Quillfeather" * 40, "name"),
        ],
    )
    async def test_what_the_tool_refuses_is_not_tried_again(
        self, stage: HiringStage, field: str, value: str, words: str
    ) -> None:
        await stage.change(**{field: value})
        error = await stage.refusal(stage.hiring().mails.send_mail, mail(stage))
        assert (error.type, error.non_retryable) == ("EmailError", True)
        assert words in str(error)
        assert str(error).endswith(".")
        assert stage.mails() == []
        assert await stage.effect(stage.key("mail:scheduling:1")) is None

    async def test_an_erased_candidate(self, stage: HiringStage) -> None:
        await stage.erase()
        error = await stage.refusal(stage.hiring().mails.send_mail, mail(stage))
        assert (error.type, error.non_retryable) == ("EntityGone", True)
        assert stage.mails() == []

    async def test_a_folder_that_cannot_be_written(self, stage: HiringStage) -> None:
        folder = stage.settings.dev_path
        folder.mkdir(parents=True)
        (folder / "outbox").write_text("a file")
        error = await stage.refusal(stage.hiring().mails.send_mail, mail(stage))
        assert not error.non_retryable
        assert "set SMTP_URL, or DEV_FOLDER" in str(error)
        assert await stage.effect(stage.key("mail:scheduling:1")) is None
        (folder / "outbox").unlink()
        await stage.act(stage.hiring().mails.send_mail, mail(stage))
        assert len(stage.mails()) == 1


class TestInterrupted:
    async def test_a_file_that_was_written_is_found_again(self, stage: HiringStage) -> None:
        send = stage.hiring().mails.send_mail
        await stage.act(send, mail(stage))
        (path,) = (stage.settings.dev_path / "outbox").iterdir()
        written = path.stat().st_mtime_ns
        await stage.erase_effects()
        await stage.claim(stage.key("mail:scheduling:1"), "mail")
        await stage.act(send, mail(stage))
        assert path.stat().st_mtime_ns == written
        assert await stage.timeline() == [("mail_sent", {"mail": "scheduling"})]
        assert await stage.effect(stage.key("mail:scheduling:1")) == "done"

    async def test_found_again_is_told_where_nothing_was_told_before(self, stage: HiringStage) -> None:
        send = stage.hiring().mails.send_mail
        await stage.act(send, mail(stage))
        await stage.erase_effects()
        await stage.erase_timeline()
        await stage.claim(stage.key("mail:scheduling:1"), "mail")
        await stage.act(send, mail(stage))
        assert await stage.timeline() == [("mail_sent", {"mail": "scheduling", "found_again": True})]

    async def test_a_file_that_was_not_written_is_written_now(self, stage: HiringStage) -> None:
        await stage.claim(stage.key("mail:scheduling:1"), "mail")
        await stage.act(stage.hiring().mails.send_mail, mail(stage))
        assert len(stage.mails()) == 1
        assert await stage.events() == ["mail_sent"]

    async def test_nobody_else_does_it_while_one_may_be_at_it(self, stage: HiringStage) -> None:
        await stage.claim(stage.key("mail:scheduling:1"), "mail", timedelta(seconds=5))
        error = await stage.refusal(stage.hiring().mails.send_mail, mail(stage))
        assert (error.type, error.non_retryable) == ("EffectUnderway", False)
        assert error.next_retry_delay is not None
        assert timedelta(seconds=20) < error.next_retry_delay <= timedelta(seconds=41)
        assert stage.mails() == []

    async def test_many_at_once_send_one(self, stage: HiringStage) -> None:
        async with fake_smtp() as server:
            send = stage.hiring(smtp_url=server.url).mails.send_mail
            done = await asyncio.gather(*(stage.act(send, mail(stage)) for _ in range(8)), return_exceptions=True)
            assert len(server.mails) == 1
        assert {getattr(one, "type", None) for one in done} <= {None, "EffectUnderway"}


class TestSmtp:
    async def test_once_and_always_under_the_same_id(self, stage: HiringStage) -> None:
        async with fake_smtp() as server:
            send = stage.hiring(smtp_url=server.url).mails.send_mail
            for _ in range(2):
                await stage.act(send, mail(stage))
            assert [one.recipients for one in server.mails] == [(PERSON["email"],)]
            await stage.act(send, mail(stage, key=stage.key("another")))
            assert len({one.message_id for one in server.mails}) == 2
        assert stage.mails() == []

    async def test_after_a_lost_worker_it_is_sent_again_and_told(self, stage: HiringStage) -> None:
        """A mail server does not tell: the same Message-ID lets mail programs see that it is the same mail."""
        async with fake_smtp() as server:
            send = stage.hiring(smtp_url=server.url).mails.send_mail
            await stage.act(send, mail(stage))
            await stage.erase_effects()
            await stage.erase_timeline()
            await stage.claim(stage.key("mail:scheduling:1"), "mail")
            await stage.act(send, mail(stage))
            assert len({one.message_id for one in server.mails}) == 1
            assert len(server.mails) == 2
        told = await stage.timeline()
        assert [event for event, _ in told] == ["mail_uncertain", "mail_sent"]
        assert told[0][1]["mail"] == "scheduling"
        assert "sent again" in told[0][1]["why"]

    async def test_an_answer_that_was_lost_leaves_the_claim(self, stage: HiringStage) -> None:
        async with fake_smtp() as server:
            server.fail("DATA", Fault(drop=True, done=True))
            send = stage.hiring(smtp_url=server.url).mails.send_mail
            error = await stage.refusal(send, mail(stage))
            assert not error.non_retryable
            assert await stage.effect(stage.key("mail:scheduling:1")) == "unknown"
            await stage.act(send, mail(stage))
            assert len(server.mails) == 2
        assert await stage.events() == ["mail_uncertain", "mail_sent"]

    @pytest.mark.parametrize(
        ("command", "reply", "retryable"),
        [
            ("RCPT", "550 5.1.1 <quill.zach@example.org> unknown", False),
            ("RCPT", "451 4.7.1 <quill.zach@example.org> greylisted", True),
            ("MAIL", "553 5.1.8 sender of Quillfeather refused", False),
            ("DATA", "554 5.7.1 Xylographer is spam", False),
            ("DATA", "452 4.3.1 no room for Snoring", True),
        ],
    )
    async def test_a_certain_refusal_takes_the_claim_back(
        self, stage: HiringStage, command: Any, reply: str, retryable: bool
    ) -> None:
        async with fake_smtp() as server:
            server.answer(command, reply)
            send = stage.hiring(smtp_url=server.url).mails.send_mail
            error = await stage.refusal(send, mail(stage))
            assert error.non_retryable is not retryable
            assert reply[:3] in str(error)
            assert await stage.effect(stage.key("mail:scheduling:1")) is None
            assert await stage.events() == []
            # What is tried again is the first mail, not an uncertain one.
            await stage.act(send, mail(stage))
            assert len(server.mails) == 1
        assert await stage.events() == ["mail_sent"]

    async def test_a_refusal_after_an_uncertain_try_keeps_the_claim(self, stage: HiringStage) -> None:
        async with fake_smtp() as server:
            server.fail("DATA", Fault(drop=True, done=True))
            server.answer("DATA", "452 4.3.1 no room")
            send = stage.hiring(smtp_url=server.url).mails.send_mail
            for _ in range(2):
                assert not (await stage.refusal(send, mail(stage))).non_retryable
                assert await stage.effect(stage.key("mail:scheduling:1")) == "unknown"
            await stage.act(send, mail(stage))
        assert await stage.events() == ["mail_uncertain", "mail_sent"]

    async def test_a_server_that_is_away(self, stage: HiringStage) -> None:
        async with fake_smtp() as server:
            url = server.url
        error = await stage.refusal(stage.hiring(smtp_url=url).mails.send_mail, mail(stage))
        assert not error.non_retryable
        assert "cannot be reached" in str(error)
        assert await stage.effect(stage.key("mail:scheduling:1")) is None

    async def test_a_login_that_is_refused(self, stage: HiringStage) -> None:
        async with fake_smtp("starttls", username="mailer", password="right") as server:
            url = server.url_with("mailer", "wrong-password")
            send = stage.hiring(smtp_url=SecretStr(url)).mails.send_mail
            error = await stage.refusal(send, mail(stage))
        assert error.non_retryable
        assert "SMTP_URL" in str(error)
        assert "wrong-password" not in str(error)
