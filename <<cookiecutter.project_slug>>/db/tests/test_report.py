"""`raw run generate-report` about the database: read, reported on, stored, and told once."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from db.base import Entity
from db.entities.submission import Submission
from db.models import TimelineEvent
from db.session import Database
from db.tests.reporting import Reporting
from db.types import new_id
from settings import get_settings
from tools import records

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENDS = ("complete", "failed")
KIND = "submission"


async def fill(database: Database, cases: list[tuple[datetime, datetime | None]]) -> None:
    """Make submissions, by when each came in and ended (None: it waits); every second one failed."""
    rows: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for n, (came, ended) in enumerate(cases):
        id_, status = new_id(), ENDS[n % 2] if ended else "pending"
        rows.append(
            {
                "id": id_,
                "form": "contact",
                "email": f"quillfeather-{n}@example.com",
                "text": "A text",
                "status": status,
                "result": {"category": "other"} if status == "complete" else None,
                "error": "No answer." if status == "failed" else None,
                "attempts": 0,
                "next_attempt_at": None if ended else came,
                "created_at": came,
                "updated_at": ended or came,
            }
        )
        steps = [(came, "received"), *([(came + timedelta(minutes=1), "started"), (ended, status)] if ended else [])]
        events += [
            {"id": new_id(), "entity_type": KIND, "entity_id": id_, "at": at, "event": event} for at, event in steps
        ]
    async with database.session() as session:
        await session.execute(insert(Entity), [{"id": row["id"], "type": KIND} for row in rows])
        await session.execute(insert(Submission), rows)
        await session.execute(insert(TimelineEvent), events)


async def fill_hours(database: Database, number: int) -> None:
    """Make one an hour back from NOW; each third waits, and so do those of the last day; the others took a day."""
    came = [NOW - timedelta(hours=n) for n in range(number)]
    await fill(database, [(at, at + timedelta(days=1) if n % 3 and n >= 24 else None) for n, at in enumerate(came)])


@pytest.fixture
def of_this_database(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATABASE_URL", database.settings.database_url)
    monkeypatch.delenv("RAW_NETWORK_REPORT", raising=False)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.mark.usefixtures("of_this_database")
async def test_histories_are_whole_and_in_order_over_pages(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.records.walk.PAGE", 7)
    await fill_hours(database, 50)
    seen: list[records.History] = []
    assert records.histories(seen.append, KIND)
    assert len({history.id for history in seen}) == len(seen) == 50
    for history in seen:
        assert history.events == sorted(history.events)
        assert history.events[0] == (history.created, "received")
        assert len(history.events) == (1 if history.status == "pending" else 3)
        assert (history.label, history.group) == ("", "contact")
    assert max(history.created for history in seen) == NOW.timestamp()


@pytest.mark.usefixtures("of_this_database")
async def test_midnight_is_midnight(database: Database) -> None:
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(200)]
    await fill(database, [(day, None) for day in days])
    seen: list[records.History] = []
    assert records.histories(seen.append, KIND)
    assert sorted(history.created for history in seen) == [day.timestamp() for day in days]


@pytest.mark.usefixtures("of_this_database")
async def test_an_unknown_type_is_one_sentence() -> None:
    with pytest.raises(records.RecordsError, match=r"^The database holds no 'ship': its entities are .*submission"):
        records.histories(lambda _: None, "ship")


@pytest.mark.usefixtures("of_this_database")
async def test_a_dry_run_reads_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill_hours(database, 1)
    monkeypatch.setenv("RAW_NETWORK_REPORT", os.devnull)
    assert not records.histories(lambda _: pytest.fail("a row was read"), KIND)


@pytest.fixture
def reporting(tmp_path: Path, database: Database) -> Reporting:
    return Reporting(tmp_path, database.settings.database_url, "--entity", KIND, "--now", NOW.isoformat())


@pytest.mark.slow
async def test_a_report_about_the_database_is_published_once_and_replaced(
    database: Database, reporting: Reporting
) -> None:
    await fill_hours(database, 400)
    code, answer, told = await reporting.run("--date=last-week")
    assert code == 0, told
    result = answer["result"]
    assert (result["source"], result["sample"], result["timezone"]) == ("database", False, "Europe/Berlin")
    assert result["totals"]["rows"] == 400
    assert result["totals"]["received"] == 7 * 24
    ended = Counter({outcome["name"]: outcome["count"] for outcome in result["outcomes"]})
    assert ended.total() == result["totals"]["finished"]
    assert set(+ended) == set(ENDS)
    key = "submission-2026-02-16_2026-02-22"
    assert reporting.stored(key)["totals"] == result["totals"]
    page = (reporting.dev / "storage/reports" / key / "report.html").read_text()
    assert "quillfeather" not in page + json.dumps(reporting.stored(key))
    assert all(link.startswith("file://") and key in link for link in result["published"])
    assert reporting.mails() == 1

    async with database.session() as session:
        await session.execute(update(Submission).values(form="returns"))
    assert (await reporting.run("--date=last-week"))[0] == 0
    assert [one["group"] for one in reporting.stored(key)["by_group"]] == ["returns"]
    assert reporting.mails() == 1
    assert (await reporting.run("--date=last-week", "--resend"))[0] == 0
    assert reporting.mails() == 2
    assert sorted(path.name for path in (reporting.dev / "storage/reports").iterdir()) == [key]


@pytest.mark.slow
async def test_what_is_not_to_be_published_is_not(database: Database, reporting: Reporting) -> None:
    await fill_hours(database, 3)
    for words in (["--no-publish"], ["--rows", "[]"]):
        code, answer, told = await reporting.run(*words)
        assert (code, answer["result"]["published"]) == (0, []), told
    assert reporting.mails() == 0
    code, answer, told = await reporting.run("--rows", "[]", "--publish")
    assert (code, len(answer["result"]["published"])) == (0, 2), told
    assert reporting.mails() == 1


@pytest.mark.slow
async def test_what_fails_is_one_sentence_and_exit_code_1(database: Database, reporting: Reporting) -> None:
    reporting.env["SMTP_URL"] = "smtp://127.0.0.1:9"
    code, _, told = await reporting.run()
    assert code == 1
    assert "REPORT_EMAILS" in told
    assert "Traceback" not in told
    assert reporting.stored("submission-2026-03-01")["totals"]["rows"] == 0

    reporting.env["DATABASE_URL"] = "postgresql+asyncpg://me:hunter2@127.0.0.1:9/app"
    code, _, told = await reporting.run()
    assert code == 1
    assert "The submissions cannot be read: The database is not available" in told
    assert "hunter2" not in told
    assert "Traceback" not in told

    reporting.env["DATABASE_URL"] = f"sqlite+aiosqlite:///{reporting.folder / 'never-made.db'}"
    code, answer, told = await reporting.run()
    assert (code, answer["result"]["source"], answer["result"]["published"]) == (0, "sample", []), told
    assert database.settings.database_url
