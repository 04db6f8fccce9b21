"""What a template becomes, whatever its values hold."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from typing import Any

import pytest
from icalendar import Calendar

from settings import ROOT
from tools import email
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
    "report": {"subject": "Report of March", "summary": "12 applied.\n\n3 hired.", "link": "https://example.com/r"},
}
HOSTILE = "<script>alert(1)</script>\r\nBcc: all@example.com\x00\u2028&{{ 7*7 }} \ud800"


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


def composed(template: str, **changes: Any) -> email.Mail:
    return email.compose(template, to="ann@example.com", message_id="m-1", **{**VALUES[template], **changes})


@pytest.mark.parametrize("template", email.TEMPLATES)
def test_text_and_html_say_the_same(template: str) -> None:
    mail = composed(template)
    assert mail.html is not None
    page = _Page(mail.html)
    said = {**VALUES[template], "summary": "12 applied."}
    for name in ("name", "position", "scheduling_url", "note", "link"):
        if name in VALUES[template]:
            assert said[name] in mail.text
            assert said[name] in page.text or said[name] in page.links
    assert mail.subject
    assert mail.subject in page.text
    assert "{" not in mail.text
    assert mail.text.endswith("\n")
    assert mail.text[0] not in "\n "


@pytest.mark.parametrize("template", email.TEMPLATES)
def test_hostile_values_stay_text(template: str) -> None:
    lines = ("name", "position", "note", "summary", "subject")
    changes = {name: HOSTILE for name in lines if name in VALUES[template]}
    mail = composed(template, **changes)
    assert mail.html is not None
    page = _Page(mail.html)
    assert "script" not in page.tags
    assert "<script>alert(1)</script>" in page.text
    assert len(mail.subject.splitlines()) == 1
    assert "\x00" not in mail.subject
    assert "{{ 7*7 }}" in page.text
    mail.text.encode("utf-8")


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
        ("report", {"link": "ftp://x"}, "link"),
        ("welcome", {}, "scheduling_reminder"),
    ],
)
def test_wrong_values_are_named(template: str, changes: dict[str, Any], named: str) -> None:
    values = {**VALUES.get(template, {}), **changes}
    with pytest.raises(email.EmailError, match=named) as caught:
        email.compose(template, to="ann@example.com", message_id="m-1", **values)
    assert not caught.value.retryable
    assert "\n" not in str(caught.value)
    assert "javascript" not in str(caught.value)


@pytest.mark.parametrize(
    "to", ["", "ann", "ann@", "@x.y", "a b@c.d", "a@b\nBcc: x@y", "a@b.c, d@e.f", "a@b@c", "ü@x.y", "a" * 600]
)
def test_wrong_addresses_are_refused_and_not_repeated(to: str) -> None:
    with pytest.raises(email.EmailError, match="to is no mail address") as caught:
        email.compose("rejection", to=to, message_id="m-1", **PERSON)
    assert len(str(caught.value)) < 100


def test_booking_url_is_filled_in(make: Make) -> None:
    settings = make(scheduling_url="https://book.example.com/x?c={candidate_id}&d=1")
    assert email.booking_url(settings, "a/b &c") == "https://book.example.com/x?c=a%2Fb%20%26c&d=1"


def test_importing_the_tools_imports_no_library() -> None:
    heavy = ["aiohttp", "aiosmtplib", "icalendar", "jinja2", "pydantic", "requests", "slack_sdk", "twilio"]
    code = f"import sys; from tools import email, slack, telephony; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
