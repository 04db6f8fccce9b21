"""Reports on candidates: what the report of any entity makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db.entities.candidate import Candidate
from db.repositories import entities, timeline
from db.session import Database
from db.tests.reporting import Reporting
from settings import get_settings
from tools import records

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Name, position, final status and what happened before it; one an hour, the last one is on the way.
PEOPLE = (
    ("Ann Quillfeather", "Baker", "completed", ("analysed", "call_scheduled", "call_completed", "approved")),
    ("Ben Marsh", "Baker", "no_show", ("analysed", "call_scheduled")),
    ("Cleo Otter", "Cook", "in_progress", ("analysed", "call_scheduled")),
)


@pytest.fixture
async def people(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let them come in the day before, an hour after another; what happens then takes a minute each."""
    monkeypatch.setenv("DATABASE_URL", database.settings.database_url)
    async with database.session() as session:
        for number, (name, position, status, events) in enumerate(PEOPLE):
            came = NOW - timedelta(days=1, hours=number)
            happened = ["received", *events, *([] if status == "in_progress" else [status])]
            row = await entities.add(
                session,
                Candidate(
                    name=name,
                    email="a@example.com",
                    phone="+49",
                    position=position,
                    cv_text="A CV",
                    status=status,
                    created_at=came,
                    updated_at=came + timedelta(minutes=len(happened) - 1),
                ),
            )
            for minutes, event in enumerate(happened):
                await timeline.add(session, "candidate", row.id, event, at=came + timedelta(minutes=minutes))


@pytest.fixture
def of_this_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("RAW_NETWORK_REPORT", raising=False)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.mark.usefixtures("people", "of_this_database")
async def test_their_names_and_positions_are_read() -> None:
    seen: list[records.History] = []
    assert records.histories(seen.append, "candidate")
    assert {(one.label, one.group, one.status) for one in seen} == {(n, p, status) for n, p, status, _ in PEOPLE}
    assert {len(one.events) for one in seen} == {6, 4, 3}


@pytest.mark.slow
@pytest.mark.usefixtures("people")
async def test_they_are_what_is_reported_on_when_nothing_else_is_named(database: Database, tmp_path: Path) -> None:
    reporting = Reporting(tmp_path, database.settings.database_url, "--now", NOW.isoformat(), "--date", "yesterday")
    code, answer, told = await reporting.run()
    assert code == 0, told
    result = answer["result"]
    assert (result["entity"], result["title"], result["source"]) == ("candidate", "Candidates", "database")
    assert [(one["name"], one["count"]) for one in result["funnel"]] == [
        ("received", 3),
        ("analysed", 3),
        ("scheduled", 3),
        ("called", 1),
        ("decided", 1),
        ("completed", 1),
    ]
    assert [(one["group"], one["received"], one["completed"]) for one in result["by_group"]] == [
        ("Baker", 2, 1),
        ("Cook", 1, 0),
    ]
    assert [(one["name"], one["status"]) for one in result["waiting"]] == [(None, "call_scheduled")]
    key = "candidate-2026-02-28"
    assert reporting.stored(key)["totals"] == result["totals"]
    page = (reporting.dev / "storage/reports" / key / "report.html").read_text()
    for shown in ("Positions", "Baker", "3 candidates came in"):
        assert shown in page
    assert "Otter" not in page
    _, answer, _ = await reporting.run("--show-names", "--no-publish")
    assert [one["name"] for one in answer["result"]["waiting"]] == ["Cleo Otter"]
