"""The mails of the hiring process, and their calendar entries."""

from __future__ import annotations

import email as mail_library
from datetime import UTC, datetime, timedelta, timezone
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from tools import email
from tools.email.hiring_values import MODELS
from tools.email.tests import composing
from tools.email.tests.composing import check_both_say, check_hostile_values, check_refused
from tools.email.tests.conftest import Make

CALL_TIME = datetime(2026, 3, 3, 14, 0, tzinfo=timezone(timedelta(hours=1)))
PERSON = {"name": "Ann", "position": "Developer"}
CALL = {**PERSON, "call_time": CALL_TIME, "uid": "42", "organizer": "Hiring <hiring@example.com>"}
BOOKING = {**PERSON, "scheduling_url": "https://book.example.com/?c=42&x=1"}
VALUES: dict[str, dict[str, Any]] = {
    "scheduling": BOOKING,
    "scheduling_reminder": BOOKING,
    "invitation": CALL,
    "cancellation": {**CALL, "sequence": 1},
    "rejection": PERSON,
    "withdrawal": {**PERSON, "note": "The call was cancelled.", "link": "https://example.com/c/42"},
}


def composed(template: str, **changes: Any) -> email.Mail:
    return composing.composed(template, VALUES[template], **changes)


def test_every_template_is_looked_at() -> None:
    assert set(VALUES) == set(MODELS)
    assert set(MODELS) <= set(email.TEMPLATES)


@pytest.mark.parametrize("template", VALUES)
def test_text_and_html_say_the_same(template: str) -> None:
    check_both_say(composed(template), VALUES[template], ("name", "position", "scheduling_url", "note", "link"))


@pytest.mark.parametrize("template", VALUES)
def test_hostile_values_stay_text(template: str) -> None:
    check_hostile_values(template, VALUES[template], ("name", "position", "note"))


def test_names_keep_their_letters_and_lose_what_turns_them_around() -> None:
    name = "रक्\u200dषा \u202egnp.vc 👩\u200d🔬"
    assert "Hello रक्\u200dषा gnp.vc 👩\u200d🔬," in composed("rejection", name=name).text


@pytest.mark.parametrize("template", ["invitation", "cancellation"])
def test_invitation_can_be_read_by_a_calendar(template: str) -> None:
    mail = composed(template, name='Ann "X" ; DROP\r\nATTENDEE:x, ü', position="Dev, Ops; \\ and\nmore")
    assert mail.ics is not None
    assert max(len(line.encode()) for line in mail.ics.split("\r\n")) <= 75
    calendar: Any = Calendar.from_ical(mail.ics)
    (event,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == {"invitation": "REQUEST", "cancellation": "CANCEL"}[template]
    assert event["STATUS"] == {"invitation": "CONFIRMED", "cancellation": "CANCELLED"}[template]
    assert event["SEQUENCE"] == {"invitation": 0, "cancellation": 1}[template]
    assert event["UID"] == "42@example.com"
    assert event["SUMMARY"] == "Call about Dev, Ops; \\ and more"
    assert event["DTSTART"].dt == CALL_TIME
    assert event["DTSTART"].dt.tzinfo is not None
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(minutes=30)
    assert str(event["ATTENDEE"]) == "MAILTO:ann@example.com"
    assert str(event["ORGANIZER"]) == "MAILTO:hiring@example.com"


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (CALL_TIME, "Tuesday, 3 March 2026 at 14:00 (UTC+01:00)"),
        (datetime(2026, 12, 31, 23, 5, tzinfo=UTC), "Thursday, 31 December 2026 at 23:05 (UTC)"),
        (
            datetime(2026, 6, 1, 9, 0, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
            "Monday, 1 June 2026 at 09:00 (UTC-03:30)",
        ),
    ],
)
def test_times_are_told_with_their_zone(at: datetime, shown: str) -> None:
    mail = composed("invitation", call_time=at)
    assert shown in mail.text
    assert shown in mail.subject


@pytest.mark.parametrize(
    ("template", "changes", "named"),
    [
        ("rejection", {"name": ""}, "name"),
        ("rejection", {"name": None}, "name"),
        ("rejection", {"age": 3}, "age"),
        ("scheduling", {"scheduling_url": "javascript:alert(1)"}, "https://"),
        ("scheduling", {"days_left": 0}, "days_left"),
        ("invitation", {"call_time": datetime(2026, 3, 3, 14, 0)}, "call_time"),  # noqa: DTZ001 - that is the fault
        ("invitation", {"organizer": "nobody"}, "organizer"),
    ],
)
def test_wrong_values_are_named(template: str, changes: dict[str, Any], named: str) -> None:
    check_refused(template, {**VALUES[template], **changes}, named)


@pytest.mark.anyio
@pytest.mark.parametrize(("template", "method"), [("invitation", "REQUEST"), ("cancellation", "CANCEL")])
async def test_the_entry_is_offered_and_attached(make: Make, template: str, method: str) -> None:
    mail = composed(template, name="Änne")
    sent = await email.send(mail, make())
    message = mail_library.message_from_bytes(Path(sent.where).read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "text/calendar", "application/ics"]
    calendar: Any = next(part for part in message.walk() if part.get_content_type() == "text/calendar")
    assert calendar["Content-Type"].params["method"] == method
    assert calendar.get_content().replace("\r\n", "\n") == (mail.ics or "").replace("\r\n", "\n")
