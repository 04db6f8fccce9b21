"""A worker that is killed exactly between an effect and its record: what the ledger makes of each kind of effect.

The mail server, Twilio and Slack take what they are sent, and hold their answer until the worker is dead. A claim that
died so is tried again after a minute, so the four plays run at the same time, each with a worker of its own.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path

import pytest
from sqlalchemy import text

from db.repositories import calls
from tools.email import testing as mail_server
from tools.slack import testing as slack_server
from tools.telephony import testing as twilio_server
from workflows.temporal.tests.fetched import history_of, leaks, task_failures
from workflows.temporal.tests.hiring_scene import PRIVATE, Scene, scene
from workflows.temporal.tests.servers import DevServer, dev_server, needs_server

pytestmark = [pytest.mark.anyio, pytest.mark.server, pytest.mark.slow, needs_server]

# Longer than any of the tools waits for an answer.
_HELD_SECONDS = 60.0
_HOLD = """CREATE TRIGGER held BEFORE UPDATE ON effects WHEN NEW.status = 'done' AND NEW.kind = 'mail'
BEGIN SELECT RAISE(ABORT, 'held'); END"""


async def test_killed_between_an_effect_and_its_record(tmp_path: Path) -> None:
    began = time.monotonic()
    with dev_server(tmp_path) as temporal:
        async with asyncio.TaskGroup() as plays:
            for play in (a_mail, a_mail_to_a_file, a_call, a_notice):
                plays.create_task(play(temporal, tmp_path))
    print(f"\nfour workers killed between an effect and its record: {time.monotonic() - began:.0f} s")


async def a_mail(temporal: DevServer, folder: Path) -> None:
    """A mail server does not tell: the mail is sent again under its Message-ID, and the timeline says so."""
    async with mail_server.fake_smtp() as smtp, scene(temporal, folder, "mail", SMTP_URL=smtp.url) as playing:
        smtp.fail("DATA", mail_server.Fault(delay_seconds=_HELD_SECONDS, done=True))
        await playing.worker.start()
        candidate = await playing.begin()
        await playing.until(lambda: there(smtp.mails), "the mail to arrive")
        await killed(playing)
        assert await of(playing, candidate, "mail") == []
        await playing.worker.start()
        await playing.reaches(candidate, "mail_sent")
        assert len(smtp.mails) == 2
        assert len({mail.message_id for mail in smtp.mails}) == 1
        assert await of(playing, candidate, "mail") == ["mail_uncertain", "mail_sent"]
        await withdrawn(playing, candidate)


async def a_mail_to_a_file(temporal: DevServer, folder: Path) -> None:
    """A folder tells: the mail is found, and not written again."""
    async with scene(temporal, folder, "file") as playing:
        async with playing.database.session() as session:
            await session.execute(text(_HOLD))
        await playing.worker.start()
        candidate = await playing.begin()
        outbox = folder / "file" / "dev" / "outbox"
        await playing.until(lambda: there(list(outbox.glob("*.eml"))), "the file")
        await killed(playing)
        assert await of(playing, candidate, "mail") == []
        async with playing.database.session() as session:
            await session.execute(text("DROP TRIGGER held"))
        [file] = outbox.glob("*.eml")
        before = file.stat()
        await playing.worker.start()
        await playing.reaches(candidate, "mail_sent")
        assert [one.stat() for one in outbox.glob("*.eml")] == [before]
        assert await of(playing, candidate, "mail") == ["mail_sent"]
        assert await is_found_again(playing, candidate, "mail_sent")
        await withdrawn(playing, candidate)


async def a_call(temporal: DevServer, folder: Path) -> None:
    """Twilio tells: the call is found and not placed again, though its ringing has been heard of meanwhile."""
    async with twilio_server.fake_twilio() as twilio:
        given = {name.upper(): value for name, value in twilio.settings().items()}
        async with scene(temporal, folder, "call", PUBLIC_URL="http://127.0.0.1:9", **given) as playing:
            twilio.fail(twilio_server.Fault(delay_seconds=_HELD_SECONDS, done=True, method="POST"))
            await playing.worker.start()
            candidate = await playing.begin()
            await playing.schedule(candidate)
            await playing.until(lambda: there(twilio.calls), "the call to be placed")
            await killed(playing)
            [sid] = twilio.calls
            async with playing.database.session() as session:
                # What the API does when Twilio says that it rings.
                await calls.record(session, candidate_id=uuid.UUID(candidate), call_sid=sid, status="ringing")
            await playing.worker.start()
            assert await playing.called(candidate) == sid
            assert await is_found_again(playing, candidate, "call_placed")
            await playing.hear(candidate, sid)
            await playing.decide(candidate)
            await playing.ends(candidate, "completed")
            assert list(twilio.calls) == [sid]
            assert [request.method for request in twilio.requests].count("POST") == 1
            assert await of(playing, candidate, "call") == ["call_placed"]
            await is_clean(playing, candidate)


async def a_notice(temporal: DevServer, folder: Path) -> None:
    """Slack does not tell: the notice is posted again, and the timeline says so."""
    async with (
        slack_server.fake_slack() as slack,
        scene(temporal, folder, "slack", SLACK_WEBHOOK_URL=slack.url) as playing,
    ):
        slack.fail(slack_server.Fault(delay_seconds=_HELD_SECONDS, done=True))
        await playing.worker.start()
        candidate = await playing.begin()
        await playing.reaches(candidate, "awaiting_schedule")
        await playing.withdraw(candidate)
        await playing.until(lambda: there(slack.messages), "the notice to arrive")
        await killed(playing)
        assert await of(playing, candidate, "slack") == []
        await playing.worker.start()
        await playing.ends(candidate, "withdrawn")
        assert slack.messages == [slack.messages[0]] * 2
        assert await of(playing, candidate, "slack") == ["slack_uncertain", "slack_sent"]
        await is_clean(playing, candidate)


async def there(what: object) -> bool:
    return bool(what)


async def killed(playing: Scene) -> None:
    await asyncio.to_thread(playing.worker.kill)


async def of(playing: Scene, candidate: str, kind: str) -> list[str]:
    """Return what the timeline says of effects of a kind."""
    return [event for event in await playing.events(candidate) if event.startswith(f"{kind}_")]


async def is_found_again(playing: Scene, candidate: str, event: str) -> bool:
    """Whether the timeline says of an effect that it was found again."""
    [told] = [one.detail or {} for one in await playing.timeline(candidate) if one.event == event]
    return told.get("found_again") is True


async def withdrawn(playing: Scene, candidate: str) -> None:
    await playing.withdraw(candidate)
    await playing.ends(candidate, "withdrawn")
    await is_clean(playing, candidate)


async def is_clean(playing: Scene, candidate: str) -> None:
    history = await history_of(playing.client, f"hiring-{candidate}")
    assert task_failures(history) == []
    assert leaks(history, PRIVATE) == []
    assert {effect.status for effect in await playing.effects(candidate)} == {"done"}
