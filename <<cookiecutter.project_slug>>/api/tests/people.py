"""Invented candidates who live through the hiring process, each to the end that was planned, and who telephone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from aiohttp import ClientError

from api.tests.whole import Whole

Plan = Literal["completed", "rejected", "not_qualified", "no_show", "withdrawn", "expired"]

_GOOD_CV = """{name}
{email}

EXPERIENCE
Staff Engineer, {employer}                         April 2012 - present
- Own the ledger service: Python 3.11, FastAPI, PostgreSQL, Docker, Kubernetes on AWS, CI/CD in GitLab
- REST API in Django; Terraform for the rest

EDUCATION
MEng Computer Science

LANGUAGES
English (native)
"""
_OTHER_CV = "{name}\n{email}\nGardener at {employer}. I grow roses, and like it.\n"
_TALK = "Recruiter: Hello, this is about your application.\nCandidate: Hello. I left because of {secret}.\n"


@dataclass
class Person:
    """One candidate. Names, numbers and words of all others differ, so that any text tells whose it is."""

    number: int
    plan: Plan
    id: str = ""
    call_ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def status(self) -> str:
        """The status to be reached."""
        return "rejected" if self.plan == "not_qualified" else self.plan

    @property
    def phone(self) -> str:
        """Their number, as Twilio writes it."""
        return f"+4930902{self.number:04d}"

    @property
    def application(self) -> dict[str, str]:
        """What they send."""
        name, email = f"Zoe Quillfeather{self.number}x", f"quillfeather{self.number}x@people.example.com"
        cv = _OTHER_CV if self.plan == "not_qualified" else _GOOD_CV
        return {
            "name": name,
            "email": email,
            "phone": self.phone,
            "position": f"Engineer{self.number}x of plumbing",
            "cv_text": cv.format(name=name, email=email, employer=f"Brindlewick{self.number}x"),
        }

    @property
    def transcript(self) -> str:
        """What they say on the telephone."""
        return _TALK.format(secret=f"marmalade{self.number}x")

    @property
    def private(self) -> list[str]:
        """Words that belong to nobody but them, and into no history."""
        number = self.number
        words = [f"quillfeather{number}x", f"brindlewick{number}x", f"marmalade{number}x", f"engineer{number}x"]
        return [*words, self.phone, self.phone.removeprefix("+"), f"because{number}x"]


class Telephones:
    """Answers the calls at the fake Twilio, as each person's plan has it, and tells the API until it has heard."""

    def __init__(self, whole: Whole, people: Sequence[Person], *, hang_up: bool = True) -> None:
        self._whole = whole
        self._by_phone = {person.phone: person for person in people}
        self._answered: set[str] = set()
        self._talks: set[asyncio.Task[None]] = set()
        self._hang_up = hang_up

    async def run(self) -> None:
        """Answer for as long as it is not cancelled."""
        while True:
            for sid in set(self._whole.twilio.calls) - self._answered:
                self._answered.add(sid)
                self._talks.add(asyncio.create_task(self._talk(sid)))
            for talk in [talk for talk in self._talks if talk.done()]:
                self._talks.remove(talk)
                talk.result()
            await asyncio.sleep(0.02)

    async def _talk(self, sid: str) -> None:
        twilio = self._whole.twilio
        person = self._by_phone[twilio.calls[sid].to]
        ends = random.choice(("no-answer", "busy"))
        await self._go_on(sid, "ringing")
        await asyncio.sleep(random.uniform(0.1, 0.4))
        if person.plan == "no_show":
            await self._go_on(sid, ends)
            return
        await self._go_on(sid, "in-progress")
        await self._listen(sid)
        if not self._hang_up:
            return
        await self._go_on(sid, "completed")
        if person.number % 2:
            callback = twilio.calls[sid].status_callback
            assert callback is not None
            spoken = {"TranscriptionText": person.transcript, "TranscriptionStatus": "completed"}
            await self._until_told(lambda: twilio.notify(sid, callback, **spoken))
        else:
            said = {"candidate_id": person.id, "call_sid": sid, "status": "completed", "transcript": person.transcript}
            await self._whole.sender.webhook("/webhooks/call-completed", said, f"said-{sid}")
        person.call_ended.set()

    async def _listen(self, sid: str) -> None:
        """Do what the API says that the call does; "" is what Twilio hears while the API is away."""
        call = self._whole.twilio.calls[sid]
        if "<Record" in call.twiml:
            await self._whole.twilio.ask_script(sid, RecordingUrl="https://api.twilio.com/recording")
        assert "<Record" not in call.twiml, "the recording would go on for ever"
        # It may be killed, or the call canceled before it was answered; that it refuses Twilio is a fault.
        assert call.script_status in (200, 0, 503, None), f"the API answers {call.script_status} to Twilio"
        assert call.script_status != 200 or "<Hangup" in call.twiml

    async def _go_on(self, sid: str, status: str) -> None:
        async def tell() -> int | None:
            # A call that was canceled rings no more.
            is_canceled = self._whole.twilio.calls[sid].status == "canceled"
            return None if is_canceled else await self._whole.twilio.advance(sid, status)

        await self._until_told(tell)

    async def _until_told(self, tell: Callable[[], Awaitable[int | None]]) -> None:
        while True:
            try:
                status = await tell()
            except (ClientError, OSError, TimeoutError):
                status = 503
            if status != 503:
                assert status in (202, None), f"the API answers {status} to Twilio"
                return
            self._whole.sender.repeats += 1
            await asyncio.sleep(random.uniform(0.05, 0.2))


async def apply(whole: Whole, person: Person) -> None:
    """Send an application, until it is acknowledged."""
    accepted = await whole.sender.webhook("/webhooks/cv-submission", person.application, f"cv-{person.number}")
    person.id = str(accepted["id"])


async def schedule(whole: Whole, person: Person, kind: str, call_time: datetime) -> None:
    """Say what the calendar says: scheduled or rescheduled."""
    event = {"candidate_id": person.id, "type": kind, "call_time": call_time.isoformat()}
    await whole.sender.webhook("/webhooks/calendar", event, f"{kind}-{person.number}")


async def live(whole: Whole, person: Person) -> None:
    """Do all that a person and those who deal with them send, as planned."""
    sender, number, note = whole.sender, person.number, f"because{person.number}x"
    await apply(whole, person)
    if person.plan in ("not_qualified", "expired"):
        return
    ahead = timedelta(days=5) if person.plan == "withdrawn" else timedelta(seconds=random.uniform(2, 6))
    call_time = datetime.now(UTC) + ahead
    if person.plan != "withdrawn" or number % 2:
        await schedule(whole, person, "scheduled", call_time)
    if person.plan == "withdrawn":
        await asyncio.sleep(random.uniform(0, 12))
        assert await sender.person(f"/candidates/{person.id}/withdrawal", {"note": note}, "enough") == 202
    if person.plan in ("completed", "rejected"):
        if number % 3 == 0:
            await schedule(whole, person, "rescheduled", call_time + timedelta(seconds=2))
        await person.call_ended.wait()
        await asyncio.sleep(random.uniform(0, 8))
        decision = {"decision": "approve" if person.plan == "completed" else "reject", "note": note}
        assert await sender.person(f"/candidates/{person.id}/decision", decision, "decided") == 202
