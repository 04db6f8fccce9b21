"""Three candidates, and what the outside world does with each: a calendar, a telephone, a recruiter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from settings import ROOT
from workflows.temporal.dev.door import Door, DoorError, Seen
from workflows.temporal.dev.mails import Mails, MailsError

_LOOK_SECONDS = 0.2
_CALL_AHEAD = timedelta(seconds=3)
_CVS = ROOT / ".raw/workflows/analyze-cv/mocks"
_TRANSCRIPTS = ROOT / ".raw/workflows/generate-call-summary/mocks"


class StoryError(Exception):
    """The story did not go on as it should; the text says what was missing."""


@dataclass(slots=True)
class Play:
    """One candidate's way through the system, as it is seen from outside."""

    name: str
    email: str
    cv: str
    expected: str
    story: Callable[[Play, Door], Awaitable[None]]
    mails: Mails
    mails_before: int = 0
    candidate_id: str = ""
    seen: Seen = field(default_factory=Seen)
    why: str = ""
    began: float = field(default_factory=time.monotonic)
    seconds: float | None = None

    @property
    def score(self) -> float | None:
        """What analyze-cv gave, if it has."""
        found = (detail.get("score") for event, detail in self.seen.timeline if event == "raw_complete")
        return next((score for score in found if isinstance(score, int | float)), None)

    @property
    def is_right(self) -> bool:
        """Whether it ended as it should."""
        return self.seen.status == self.expected and not self.why

    def has(self, event: str, **detail: Any) -> bool:
        """Whether the timeline holds this event."""
        return any(
            name == event and all(found.get(key) == value for key, value in detail.items())
            for name, found in self.seen.timeline
        )

    async def until(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait for something.

        Raises:
            StoryError: the process ended without it.
        """
        while not holds():
            if self.seen.is_final:
                raise StoryError(f"it ended before {what}")
            await asyncio.sleep(_LOOK_SECONDS / 2)

    async def mail(self, template: str) -> None:
        """Wait until a mail was sent, and has arrived."""
        await self.until(f"the {template} mail", lambda: self.has("mail_sent", mail=template))
        while await asyncio.to_thread(self.mails.count, self.email) <= self.mails_before:
            await asyncio.sleep(_LOOK_SECONDS)

    async def call(self, number: int) -> str:
        """Wait for the candidate's call of this number, from 1; return its sid."""
        await self.until(f"call {number}", lambda: len(self._calls()) >= number)
        return self._calls()[number - 1]

    def _calls(self) -> list[str]:
        return [str(detail["call_sid"]) for event, detail in self.seen.timeline if event == "call_placed"]


async def _rejected_by_cv(play: Play, _: Door) -> None:
    await play.mail("rejection")


async def _book(play: Play, door: Door) -> None:
    await play.mail("scheduling")
    await door.calendar(play.candidate_id, datetime.now(UTC) + _CALL_AHEAD)


async def _hired(play: Play, door: Door) -> None:
    await _book(play, door)
    transcript = (_TRANSCRIPTS / "screening.txt").read_text(encoding="utf-8")
    await door.call(play.candidate_id, await play.call(1), "completed", transcript)
    await play.until("the decision was due", lambda: play.has("awaiting_decision"))
    await door.decide(play.candidate_id, "approve")


async def _no_show(play: Play, door: Door) -> None:
    await _book(play, door)
    for number in (1, 2, 3):
        await door.call(play.candidate_id, await play.call(number), "no-answer")


def cast(mails: Mails) -> list[Play]:
    """Return the three; `mails` is where their mails arrive."""
    return [
        Play("Tomasz Brandt", "tomasz.brandt@example.org", "junior.txt", "completed", _hired, mails),
        Play("Ishaan Verma-Lund", "ishaan@example.org", "no-dates.txt", "rejected", _rejected_by_cv, mails),
        Play("Inés Calderón Fuentes", "ines.calderon@example.org", "spanish.txt", "no_show", _no_show, mails),
    ]


async def perform(play: Play, door: Door, limit_seconds: float | None) -> None:
    """Play one candidate to the end; what went wrong is in `play.why`, and no error is raised."""
    play.began = time.monotonic()
    tasks: list[asyncio.Future[None]] = []
    try:
        async with asyncio.timeout(limit_seconds):
            play.mails_before = await asyncio.to_thread(play.mails.count, play.email)
            play.candidate_id = await door.apply(_application(play))
            # The watcher ends with the process, or with an error.
            tasks += [asyncio.ensure_future(one) for one in (_watch(play, door), play.story(play, door))]
            await asyncio.gather(*tasks)
    except (StoryError, DoorError, MailsError) as error:
        play.why = str(error)
    except TimeoutError:
        play.why = f"it had not ended after {limit_seconds:.0f} seconds"
    except Exception as error:
        play.why = f"the demo itself failed ({type(error).__name__}: {error})"
    finally:
        for task in tasks:
            task.cancel()
        play.seconds = time.monotonic() - play.began


def _application(play: Play) -> Mapping[str, str]:
    return {
        "name": play.name,
        "email": play.email,
        "phone": "+49 30 901820",
        "position": "Backend engineer",
        "cv_text": (_CVS / play.cv).read_text(encoding="utf-8"),
    }


async def _watch(play: Play, door: Door) -> None:
    while not play.seen.is_final:
        play.seen = await door.look(play.candidate_id)
        await asyncio.sleep(_LOOK_SECONDS)
