"""The records tool, and RAW workflows that are given an id and no text: `raw run analyze-cv --id=<candidate id>`."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from db.models import Candidate, Submission
from db.repositories import calls, candidates, submissions
from db.session import Database
from db.types import new_id, utc_now
from settings import ROOT, get_settings
from tools import records

pytestmark = pytest.mark.anyio

TEXT = "My invoice 4711 was charged twice, please refund it today."


@pytest.fixture
async def submission(database: Database) -> Submission:
    async with database.session() as session:
        return await submissions.create(session, form="contact", email="ada@example.com", text=TEXT)


@pytest.fixture
async def candidate(database: Database) -> Candidate:
    async with database.session() as session:
        return await candidates.create(session, name="Ada", email="a", phone="p", position="x", cv_text="A CV")


@pytest.fixture
def of_this_database(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATABASE_URL", database.settings.database_url)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.mark.usefixtures("of_this_database")
async def test_a_record_is_read_inside_and_outside_of_an_event_loop(
    submission: Submission, candidate: Candidate
) -> None:
    wanted = records.SubmissionRecord(str(submission.id), "contact", "ada@example.com", TEXT)
    assert records.submission(str(submission.id)) == wanted
    assert await asyncio.to_thread(records.submission, submission.id.hex) == wanted
    assert records.candidate(str(candidate.id)).cv_text == "A CV"
    assert not [thread for thread in threading.enumerate() if thread.name == "records"]


@pytest.mark.usefixtures("of_this_database")
@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("demo-1", "There is no submission 'demo-1': an id looks like 00000000-0000-0000-0000-000000000000."),
        ("", "There is no submission '': an id looks like"),
        ("x" * 5000, f"There is no submission '{'x' * 57}...': an id"),
        ("01890a5d-ac96-774b-bcce-b302099a8057", "There is no submission '"),
    ],
)
async def test_an_unknown_id_is_one_sentence(given: str, sentence: str) -> None:
    with pytest.raises(records.RecordsError) as caught:
        records.submission(given)
    assert str(caught.value).startswith(sentence)
    with pytest.raises(records.RecordsError, match="There is no candidate"):
        records.candidate(given)


@pytest.mark.usefixtures("of_this_database")
async def test_a_call_is_the_one_that_is_named_or_the_newest_with_a_transcript(
    database: Database, candidate: Candidate
) -> None:
    person = str(candidate.id)
    for sid, transcript in (("CA1", "Ben: First."), ("CA2", "Ben: Second."), ("CA3", "")):
        async with database.session() as session:
            await calls.record(
                session, candidate_id=candidate.id, call_sid=sid, status="completed", transcript=transcript
            )
    newest = records.call(person)
    assert (newest.candidate_id, newest.call_sid, newest.status, newest.transcript) == (
        person,
        "CA2",
        "completed",
        "Ben: Second.",
    )
    assert newest.day == utc_now().date()
    assert records.call(person, "CA1").transcript == "Ben: First."
    for sid in ("CA3", "CA4"):
        with pytest.raises(records.RecordsError) as caught:
            records.call(person, sid)
        assert str(caught.value) == (
            f"There is no transcript of the call '{sid}' with candidate '{person}' in the database."
        )
    unknown = str(new_id())
    with pytest.raises(records.RecordsError, match=f"no transcript of a call with candidate '{unknown}'"):
        records.call(unknown)


class Given(BaseModel):
    id: str = "sample"
    text: str = "a sample"
    size: int = 1


def test_params_are_completed_only_where_they_have_an_id_and_no_text() -> None:
    asked = []

    def read(params: Given) -> dict[str, Any]:
        asked.append(params.id)
        return {"text": "stored", "size": "2"}

    for whole in (Given(), Given(text="own"), Given(id="c-1", text="own"), Given(id="c-1", text="")):
        assert records.completed(whole, "text", read) is whole
    assert asked == []
    assert records.completed(Given(id="c-1"), "text", read) == Given(id="c-1", text="stored", size=2)
    assert asked == ["c-1"]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite:///{folder}/none.db", "There is no database yet"),
        ("postgresql://me:hunter2@127.0.0.1:1/app", "The database is not available: no connection"),
        ("mysql://hunter2", "DATABASE_URL is wrong"),
    ],
)
def test_a_database_that_is_not_there_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, sentence: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url.format(folder=tmp_path))
    get_settings.cache_clear()
    with pytest.raises(records.RecordsError) as caught:
        records.submission(str(new_id()))
    get_settings.cache_clear()
    assert str(caught.value).startswith(sentence)
    assert "hunter2" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [], "asking must not make a database"


def raw_run(root: Path, url: str, workflow: str, *words: str) -> tuple[int, dict[str, object]]:
    env = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT), "RAW_PROJECT_ROOT": str(root)}
    done = subprocess.run(
        [sys.executable, "-m", "raw_runtime", "run", workflow, *words, "--json"],
        env=env,
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return done.returncode, answer


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the workflows alone, so that their runs go to a folder of the test."""
    ignored = shutil.ignore_patterns("runs", "__pycache__")
    shutil.copytree(ROOT / ".raw/workflows", tmp_path / ".raw/workflows", ignore=ignored)
    return tmp_path


async def test_analyze_reads_the_text_of_a_stored_submission(
    project: Path, database: Database, submission: Submission
) -> None:
    code, answer = raw_run(project, database.settings.database_url, "analyze", f"--id={submission.id}")
    assert (code, answer["status"]) == (0, "success")
    result = answer["result"]
    assert isinstance(result, dict)
    assert (result["id"], result["category"]) == (str(submission.id), "billing")
    assert "4711" in result["summary"]


@pytest.mark.slow
async def test_analyze_says_that_an_id_is_unknown(project: Path, database: Database) -> None:
    unknown = new_id()
    code, answer = raw_run(project, database.settings.database_url, "analyze", f"--id={unknown}")
    assert (code, answer["status"]) == (1, "error")
    assert answer["message"] == f"There is no submission '{unknown}' in the database."


async def test_analyze_asks_no_database_when_the_text_is_given(project: Path) -> None:
    code, answer = raw_run(project, "postgresql://127.0.0.1:1/app", "analyze", f"--id={new_id()}", f"--text={TEXT}")
    assert (code, answer["status"]) == (0, "success")


@pytest.mark.slow
async def test_analyze_cv_reads_the_cv_of_a_stored_candidate(
    project: Path, database: Database, candidate: Candidate
) -> None:
    url = database.settings.database_url
    async with database.session() as session:
        row = await session.get_one(Candidate, candidate.id)
        row.cv_text = "Skills\nPython and PostgreSQL since 2015\x00"
    code, answer = raw_run(project, url, "analyze-cv", f"--id={candidate.id}")
    assert (code, answer["status"]) == (0, "success"), answer
    result = answer["result"]
    assert isinstance(result, dict)
    assert result["id"] == str(candidate.id)
    assert [found["name"] for found in result["matched"]] == ["Python", "PostgreSQL"]
    unknown = new_id()
    code, answer = raw_run(project, url, "analyze-cv", f"--id={unknown}")
    assert (code, answer["message"]) == (1, f"There is no candidate '{unknown}' in the database.")


@pytest.mark.slow
async def test_generate_call_summary_reads_the_transcript_of_a_stored_call(
    project: Path, database: Database, candidate: Candidate
) -> None:
    url = database.settings.database_url
    words = ("generate-call-summary", f"--id={candidate.id}")
    code, answer = raw_run(project, url, *words)
    assert (code, answer["message"]) == (
        1,
        f"There is no transcript of a call with candidate '{candidate.id}' in the database.",
    )
    for number, (sid, transcript) in enumerate((("CA1", "Ben: I'll send it tomorrow."), ("CA2", "Ben: Goodbye."))):
        async with database.session() as session:
            await calls.record(
                session,
                candidate_id=candidate.id,
                call_sid=sid,
                status="completed",
                transcript=transcript,
                now=datetime(2030, 5, 6 + number, 23, 30, tzinfo=UTC),
            )
    code, answer = raw_run(project, url, *words)
    newest = answer["result"]
    assert isinstance(newest, dict)
    assert (code, newest["id"], newest["call_sid"], newest["turns"]) == (0, str(candidate.id), "CA2", 1)
    code, answer = raw_run(project, url, *words, "--call-sid=CA1")
    named = answer["result"]
    assert isinstance(named, dict)
    assert [(found["what"], found["due_date"]) for found in named["follow_ups"]] == [("send it tomorrow", "2030-05-07")]
