"""For tests: words of an entity that no house has, so that none depends on what the house reports on."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

from report_models import ReportData, ReportParams, Row
from report_words import Words
from run import GenerateReport

NOW = "2024-06-04T12:00:00Z"
PARCEL: dict[str, Any] = {
    "one": "parcel",
    "many": "parcels",
    "group": {"one": "depot", "many": "depots"},
    "stages": [
        {"name": "ordered", "also": ["new"]},
        {"name": "packed", "also": ["boxed"], "sample": {"hours": 5, "lost": "lost"}},
        {"name": "sent", "also": ["handed_over"], "sample": {"hours": 30, "lost": "lost", "status": "under_way"}},
        {"name": "delivered", "sample": {"hours": 20, "lost": "returned"}},
    ],
    "final": [
        {"name": "delivered", "also": ["arrived"]},
        {"name": "returned", "also": ["sent_back"]},
        {"name": "lost"},
    ],
    "sample": {"id": "p", "groups": ["North", "South"]},
}
WORDS = Words.model_validate(PARCEL)


def report(rows: Sequence[Row | dict[str, Any]] | None, **more: Any) -> tuple[ReportData, str]:
    """Return the figures and the page of a report on these rows."""
    workflow = GenerateReport(ReportParams.model_validate({"rows": rows, "now": NOW, **more}))
    assert workflow.params.now is not None
    data = workflow.measure(workflow.choose_period(workflow.params.now))
    return data, workflow.render(data, workflow.comment(data))


def row(created: str, status: str = "ordered", **more: Any) -> dict[str, Any]:
    """Return a parcel that came in at this time."""
    return {"id": f"c-{created}-{status}", "status": status, "created_at": created, **more}


class Page(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.text += data
