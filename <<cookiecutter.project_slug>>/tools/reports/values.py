"""A report, and what became of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tools.reports.errors import ReportError

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Report:
    """A report that is ready.

    `key` names its period, such as "2026-11-25" or "2026-11-16_2026-11-22": the same key is the same report. `title` is
    the subject of the mail; `headline` is the figures in one or a few lines; `page` is HTML and `data` JSON, as UTF-8.
    """

    key: str
    title: str
    headline: str
    page: bytes
    data: bytes

    def check(self) -> None:
        """Check what names and texts it has.

        Raises:
            ReportError: one cannot be used.
        """
        if not _KEY.fullmatch(self.key):
            raise ReportError("key is none: use up to 60 letters, digits, - and _, as in 2026-11-16_2026-11-22.")
        if len(self.title) > _LONGEST_TITLE:
            raise ReportError(f"title is too long: it may have {_LONGEST_TITLE} characters.")
        for name in ("title", "headline", "page", "data"):
            if not getattr(self, name).strip():
                raise ReportError(f"{name} is empty: a report has all of title, headline, page and data.")


@dataclass(slots=True)
class Published:
    """What became of a report.

    `page_url` and `data_url` are links to both files: they work for REPORT_LINK_DAYS, or are file:// URIs without a
    bucket. `stored` says where they are kept, the page first. `mailed` are the addresses told now, `posted` whether
    Slack was, or the file in its stead; `already` are those who had been told before: addresses, and "slack". `notes`
    are plain sentences about what is not known for certain, or looks wrong.
    """

    page_url: str
    data_url: str
    stored: list[str]
    mailed: list[str] = field(default_factory=list)
    posted: bool = False
    already: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
