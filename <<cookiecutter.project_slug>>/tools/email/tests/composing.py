"""Mails to test with, and what a reader sees of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import Any

import pytest

from tools import email

REPORT = {"subject": "Report of March", "summary": "12 came in.\n\n3 ended.", "link": "https://example.com/r"}
HOSTILE = "<script>alert(1)</script>\r\nBcc: all@example.com\x00\u2028&{{ 7*7 }} \ud800"
LINES = ("summary", "subject")


class Page(HTMLParser):
    """The text, tags and links of an HTML page."""

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


def composed(template: str = "report", given: Mapping[str, Any] = REPORT, **changes: Any) -> email.Mail:
    """Return a mail to Ann."""
    return email.compose(template, to="ann@example.com", message_id="m-1", **{**given, **changes})


def check_both_say(mail: email.Mail, values: Mapping[str, Any], shown: Iterable[str] = ("summary", "link")) -> None:
    """Look for the values that are to be shown in the text and in the HTML of a mail."""
    assert mail.html is not None
    page = Page(mail.html)
    said = {**values, "summary": "12 came in."}
    for name in shown:
        if name in values:
            assert said[name] in mail.text
            assert said[name] in page.text or said[name] in page.links
    assert mail.subject
    assert mail.subject in page.text
    assert "{" not in mail.text
    assert mail.text.endswith("\n")
    assert mail.text[0] not in "\n "


def check_hostile_values(template: str, values: Mapping[str, Any], lines: Iterable[str] = LINES) -> None:
    """See that values stay text, whatever they hold."""
    mail = composed(template, values, **{name: HOSTILE for name in lines if name in values})
    assert mail.html is not None
    page = Page(mail.html)
    assert "script" not in page.tags
    assert "<script>alert(1)</script>" in page.text
    assert len(mail.subject.splitlines()) == 1
    assert "\x00" not in mail.subject
    assert "{{ 7*7 }}" in page.text
    mail.text.encode("utf-8")


def check_refused(template: str, values: Mapping[str, Any], named: str) -> None:
    """See that a mail is refused in one sentence that says what is wrong and repeats nothing."""
    with pytest.raises(email.EmailError, match=named) as caught:
        composed(template, values)
    assert not caught.value.retryable
    assert "\n" not in str(caught.value)
    assert "javascript" not in str(caught.value)
