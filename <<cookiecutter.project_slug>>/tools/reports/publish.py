"""Stores a report, then tells people of it: for the edge of a workflow, and for other programs."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from tools.reports.errors import ReportError
from tools.reports.values import Published, Report

if TYPE_CHECKING:
    from configuration.reports import ReportSettings

HTML, JSON = "text/html; charset=utf-8", "application/json"

_DRY_RUN = "RAW_NETWORK_REPORT"  # set where the network is shut

logger = logging.getLogger(__name__)


def publish(report: Report, *, resend: bool = False, settings: ReportSettings | None = None) -> Published:
    """Store a report under reports/KEY/, then mail REPORT_EMAILS and post to Slack, each once a key.

    The same key again replaces what is stored, and tells only those who were not told before. Call it in `run()`,
    after the last step: it has effects. It may take minutes where services do not answer.

    Args:
        report: the report.
        resend: tell everybody again.
        settings: instead of those of the environment and `.env`.

    Raises:
        ReportError: it is not stored, or (`stored`) somebody was not told.
    """
    outcome: list[Published] = []
    fault: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(asyncio.run(publish_async(report, resend=resend, settings=settings)))
        except BaseException as error:
            fault.append(error)

    # A thread of its own, since the caller's may have an event loop already.
    thread = threading.Thread(target=work, name="reports", daemon=True)
    thread.start()
    thread.join()
    if fault:
        raise fault[0]
    return outcome[0]


async def publish_async(report: Report, *, resend: bool = False, settings: ReportSettings | None = None) -> Published:
    """Do what `publish` does, in the caller's event loop.

    Raises:
        ReportError: as `publish`.
    """
    from tools import storage

    if _DRY_RUN in os.environ:
        raise ReportError("Nothing is published in a dry run: leave publish to its default there.")
    report.check()
    settings = settings or _settings()
    page_key, data_key = f"reports/{report.key}/report.html", f"reports/{report.key}/report.json"
    expires = timedelta(days=settings.report_link_days)
    done = "is not stored"
    try:
        data = await storage.put(settings, data_key, report.data, content_type=JSON)
        page = await storage.put(settings, page_key, report.page, content_type=HTML)
        done = "is stored, but no link to it can be made"
        published = Published(
            page_url=await storage.presign(settings, page_key, expires),
            data_url=await storage.presign(settings, data_key, expires),
            stored=[page.where, data.where],
        )
        done = "is stored, but who was told of it cannot be noted, so no more are told"
        await _tell(settings, report, published, resend=resend)
    except storage.StorageError as error:
        stored = done != "is not stored"
        raise ReportError(f"The report {done}: {error}", stored=stored, retryable=error.retryable) from error
    return published


async def _tell(settings: ReportSettings, report: Report, published: Published, *, resend: bool) -> None:
    from tools.reports import ledger, tell

    if settings.s3_bucket is None and settings.report_emails and settings.smtp_url is not None:
        published.notes.append(
            "The link in the mails leads to a file of this machine, which nobody else can open: set S3_BUCKET."
        )
    try:
        await tell.tell(settings, report, published, await ledger.load(settings, report.key, resend=resend))
    finally:
        for note in published.notes:
            logger.warning(note)


def timezone() -> str:
    """Return REPORT_TIMEZONE, such as "Europe/Berlin"; "UTC" where it is empty, and in dry runs.

    Raises:
        ReportError: it is no time zone.
    """
    if _DRY_RUN in os.environ:
        return "UTC"  # what a dry run expects is written down, and must not depend on .env
    from configuration.base import SettingsError, load_settings
    from configuration.reports import ReportTimeSettings

    try:
        return load_settings(ReportTimeSettings).report_timezone
    except SettingsError as error:
        raise ReportError(str(error)) from None


def _settings() -> ReportSettings:
    from configuration.base import SettingsError, load_settings
    from configuration.reports import ReportSettings

    try:
        return load_settings(ReportSettings)
    except SettingsError as error:
        raise ReportError(f"The report is not stored: {error}") from None
