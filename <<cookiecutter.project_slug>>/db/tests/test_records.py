"""The records tool, and `raw run analyze --id=<submission id>`."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.models import Candidate, Submission
from db.repositories import candidates, submissions
from db.session import Database
from db.types import new_id
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
        (str(new_id()), "There is no submission '"),
    ],
)
async def test_an_unknown_id_is_one_sentence(given: str, sentence: str) -> None:
    with pytest.raises(records.RecordsError) as caught:
        records.submission(given)
    assert str(caught.value).startswith(sentence)
    with pytest.raises(records.RecordsError, match="There is no candidate"):
        records.candidate(given)


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


def analyze(root: Path, url: str, *words: str) -> tuple[int, dict[str, object]]:
    env = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT), "RAW_PROJECT_ROOT": str(root)}
    done = subprocess.run(
        [sys.executable, "-m", "raw_runtime", "run", "analyze", *words, "--json"],
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
    """A copy of the workflow alone, so that its runs go to a folder of the test."""
    ignored = shutil.ignore_patterns("runs", "__pycache__")
    shutil.copytree(ROOT / ".raw/workflows/analyze", tmp_path / ".raw/workflows/analyze", ignore=ignored)
    return tmp_path


async def test_analyze_reads_the_text_of_a_stored_submission(
    project: Path, database: Database, submission: Submission
) -> None:
    code, answer = analyze(project, database.settings.database_url, f"--id={submission.id}")
    assert (code, answer["status"]) == (0, "success")
    result = answer["result"]
    assert isinstance(result, dict)
    assert (result["id"], result["category"]) == (str(submission.id), "billing")
    assert "4711" in result["summary"]


async def test_analyze_says_that_an_id_is_unknown(project: Path, database: Database) -> None:
    unknown = new_id()
    code, answer = analyze(project, database.settings.database_url, f"--id={unknown}")
    assert (code, answer["status"]) == (1, "error")
    assert answer["message"] == f"There is no submission '{unknown}' in the database."


async def test_analyze_asks_no_database_when_the_text_is_given(project: Path) -> None:
    code, answer = analyze(project, "postgresql://127.0.0.1:1/app", f"--id={new_id()}", f"--text={TEXT}")
    assert (code, answer["status"]) == (0, "success")
