"""Publishing into a real S3 server: rclone's."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator

import pytest

from configuration.reports import ReportSettings
from tools import reports, storage
from tools.email.testing import fake_smtp
from tools.reports.tests.conftest import Make, report
from tools.storage.tests.servers import RealS3, free_port, needs_s3, real_s3

pytestmark = [pytest.mark.anyio, pytest.mark.integration, pytest.mark.slow, needs_s3]


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealS3]:
    with real_s3(tmp_path_factory.mktemp("s3")) as running:
        yield running


async def test_links_open_both_files_and_the_same_key_replaces(make: Make, s3: RealS3) -> None:
    prefix = f"test/{os.urandom(4).hex()}"
    async with fake_smtp() as smtp:
        settings = make(
            **s3.settings(), s3_prefix=prefix, report_emails="ann@example.com", smtp_url=smtp.url, report_link_days=1
        )
        first = await reports.publish_async(report(), settings=settings)
        second = await reports.publish_async(report(page=b"<p>new"), settings=settings)
        assert (first.notes, second.notes) == ([], [])
        assert (first.mailed, second.mailed) == (["ann@example.com"], [])
        (mail,) = smtp.mails
        body = mail.message.get_body(("plain",))
        assert body is not None
        assert first.page_url in body.get_content()
    with urllib.request.urlopen(first.page_url, timeout=10) as page:
        assert (page.read(), page.headers["Content-Type"]) == (b"<p>new", "text/html; charset=utf-8")
    with urllib.request.urlopen(second.data_url, timeout=10) as data:
        assert (json.load(data), data.headers["Content-Type"]) == ({"received": 12}, "application/json")
    assert "X-Amz-Expires=86400" in first.page_url
    assert first.stored == [f"s3://reports/{prefix}/reports/2026-11-25/report.{kind}" for kind in ("html", "json")]
    keys = [entry.key for entry in await storage.list_objects(settings)]
    assert keys == [f"reports/2026-11-25/{name}" for name in ("report.html", "report.json", "sent.json")]
    assert b"ann" not in await storage.get(settings, "reports/2026-11-25/sent.json")


async def test_a_server_that_is_away_or_refuses_is_one_sentence_and_nobody_is_told(make: Make, s3: RealS3) -> None:
    async with fake_smtp() as smtp:
        for changed, sentence, retryable in (
            ({"s3_endpoint_url": f"http://127.0.0.1:{free_port()}"}, "cannot be reached", True),
            ({"s3_bucket": "other"}, "bucket", False),
            ({"s3_secret_access_key": "wrong"}, "S3_SECRET_ACCESS_KEY", False),
        ):
            given = {**s3.settings(), **changed}
            settings: ReportSettings = make(**given, report_emails="ann@example.com", smtp_url=smtp.url)
            with pytest.raises(reports.ReportError, match=r"^The report is not stored: ") as caught:
                await reports.publish_async(report(), settings=settings)
            assert sentence in str(caught.value)
            assert (caught.value.stored, caught.value.retryable) == (False, retryable)
        assert smtp.mails == []
