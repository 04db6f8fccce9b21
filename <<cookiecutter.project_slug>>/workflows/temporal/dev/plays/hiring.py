"""Three candidates, and what the outside world does with each: a calendar, a telephone, a recruiter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from settings import ROOT
from workflows.temporal.dev.door import Door
from workflows.temporal.dev.mails import Mails
from workflows.temporal.dev.stories import Play
from workflows.temporal.hiring_contracts import Stage
from workflows.temporal.processes.hiring import PROCESS

# A candidate who does not answer is called again after two seconds instead of four hours, and so on.
CLOCK = {
    "HIRING_SCHEDULE_REMINDER": "PT1M",
    "HIRING_SCHEDULE_LIMIT": "PT2M",
    "HIRING_CALL_LIMIT": "PT1M",
    "HIRING_CALL_RETRY": "PT2S",
    "HIRING_CALL_ATTEMPTS": "3",
    "HIRING_TRANSCRIPT_LIMIT": "PT30S",
    "HIRING_DECISION_ESCALATION": "PT1M",
    "HIRING_DECISION_LIMIT": "PT2M",
}
_CALL_AHEAD = timedelta(seconds=3)
_CVS = ROOT / ".raw/workflows/analyze-cv/mocks"
_TRANSCRIPTS = ROOT / ".raw/workflows/generate-call-summary/mocks"


async def _rejected_by_cv(play: Play, _: Door) -> None:
    await play.mail("rejection")


async def _book(play: Play, door: Door) -> None:
    await play.mail("scheduling")
    at = datetime.now(UTC) + _CALL_AHEAD
    await play.send(door, "calendar", type="scheduled", call_time=at.isoformat())


async def _call_ends(play: Play, door: Door, number: int, status: str, transcript: str = "") -> None:
    """Wait for the candidate's call of this number, from 1, and tell how it ended."""
    await play.until(f"call {number}", lambda: len(_calls(play)) >= number)
    sid = _calls(play)[number - 1]
    await play.send(door, "call-completed", call_sid=sid, status=status, transcript=transcript)


def _calls(play: Play) -> list[str]:
    return [str(detail["call_sid"]) for event, detail in play.seen.timeline if event == "call_placed"]


async def _hired(play: Play, door: Door) -> None:
    await _book(play, door)
    await _call_ends(play, door, 1, "completed", (_TRANSCRIPTS / "screening.txt").read_text(encoding="utf-8"))
    await play.until("the decision was due", lambda: play.has("awaiting_decision"))
    await play.send(door, "decision", decision="approve", note="")


async def _no_show(play: Play, door: Door) -> None:
    await _book(play, door)
    for number in (1, 2, 3):
        await _call_ends(play, door, number, "no-answer")


def cast(mails: Mails) -> list[Play]:
    """Return the three; `mails` is where their mails arrive."""
    people = (
        ("Tomasz Brandt", "tomasz.brandt@example.org", "junior.txt", "completed", _hired),
        ("Ishaan Verma-Lund", "ishaan@example.org", "no-dates.txt", "rejected", _rejected_by_cv),
        ("Inés Calderón Fuentes", "ines.calderon@example.org", "spanish.txt", "no_show", _no_show),
    )
    return [
        Play(PROCESS, name, email, _application(name, email, cv), expected, story, mails, frozenset(Stage))
        for name, email, cv, expected, story in people
    ]


def _application(name: str, email: str, cv: str) -> dict[str, str]:
    return {
        "name": name,
        "email": email,
        "phone": "+49 30 901820",
        "position": "Backend engineer",
        "cv_text": (_CVS / cv).read_text(encoding="utf-8"),
    }
