"""Publishing into a folder: what is kept, and who is told how often."""

from __future__ import annotations

import json
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

import pytest

from tools import reports
from tools.reports.tests.conftest import Make, report

pytestmark = pytest.mark.anyio

ANN, BOB = "Ann <ann@example.com>", "bob@example.com"


def mails(dev: Path) -> list[EmailMessage]:
    """The mails that were written."""
    found = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(dev.glob("outbox/*.eml"))]
    assert all(isinstance(mail, EmailMessage) for mail in found)
    return found


def posts(dev: Path) -> list[dict[str, Any]]:
    """The messages to Slack that were written."""
    path = dev / "slack.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_report_is_stored_mailed_and_posted(make: Make, tmp_path: Path) -> None:
    dev = tmp_path / "dev"
    published = reports.publish(report(), settings=make(report_emails=f"{ANN}, {BOB}"))
    assert published.mailed == [ANN, BOB]
    assert (published.posted, published.already, published.notes) == (True, [], [])
    with urlopen(published.page_url) as page, urlopen(published.data_url) as data:
        assert (page.read(), data.read()) == (report().page, report().data)
    assert published.stored == [published.page_url, published.data_url]
    assert unquote(urlsplit(published.page_url).path) == str(dev / "storage/reports/2026-11-25/report.html")
    for mail, whom in zip(sorted(mails(dev), key=lambda mail: str(mail["To"])), (ANN, BOB), strict=True):
        body = mail.get_body(("plain",))
        assert body is not None
        assert (mail["To"], mail["Subject"]) == (whom, "Orders, 25 November 2026")
        assert "2 wait too long" in body.get_content()
        assert published.page_url in body.get_content()
    (post,) = posts(dev)
    assert "12 received, 3 delivered" in post["text"]
    assert published.page_url in json.dumps(post["blocks"])


def test_the_same_key_replaces_and_tells_nobody_twice(make: Make, tmp_path: Path) -> None:
    settings = make(report_emails=ANN)
    first = reports.publish(report(), settings=settings)
    second = reports.publish(report(page=b"<p>new"), settings=settings)
    assert (second.page_url, second.stored) == (first.page_url, first.stored)
    assert (second.mailed, second.posted, second.already) == ([], False, [ANN, "slack"])
    assert sorted(path.name for path in (tmp_path / "dev/storage/reports").rglob("*.*")) == [
        "report.html",
        "report.json",
        "sent.json",
    ]
    assert (tmp_path / "dev/storage/reports/2026-11-25/report.html").read_bytes() == b"<p>new"
    assert (len(mails(tmp_path / "dev")), len(posts(tmp_path / "dev"))) == (1, 1)


async def test_it_runs_where_an_event_loop_runs(make: Make) -> None:
    assert reports.publish(report(), settings=make()).posted
