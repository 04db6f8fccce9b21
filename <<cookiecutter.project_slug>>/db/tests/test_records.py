"""The records tool, and RAW workflows that are given an id and no text: `raw run analyze --id=<submission id>`."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from db.entities.submission import Submission
from db.repositories import entities, submissions
from db.session import Database
from db.tests.runs import raw_run
from db.types import new_id
from settings import get_settings
from tools import records

pytestmark = pytest.mark.anyio

TEXT = "My invoice 4711 was charged twice, please refund it today."


@pytest.fixture
async def submission(database: Database) -> Submission:
    async with database.session() as session:
        return await submissions.create(session, form="contact", email="ada@example.com", text=TEXT)


@pytest.mark.usefixtures("of_this_database")
async def test_a_record_is_read_inside_and_outside_of_an_event_loop(
    submission: Submission,
) -> None:
    wanted = records.SubmissionRecord(str(submission.id), "contact", "ada@example.com", TEXT)
    assert records.submission(str(submission.id)) == wanted
    assert await asyncio.to_thread(records.submission, submission.id.hex) == wanted
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


@pytest.mark.usefixtures("of_this_database")
async def test_an_entity_of_any_type_is_its_columns(database: Database, submission: Submission) -> None:
    async with database.session() as session:
        assert await entities.set_result_part(session, "submission", submission.id, "analyze", {"category": "billing"})
    record = records.entity("submission", submission.id.hex)
    assert set(record) == set(Submission.__mapper__.column_attrs.keys())
    assert (record["id"], record["text"], record["status"]) == (str(submission.id), TEXT, "pending")
    assert record["result"] == {"analyze": {"category": "billing"}}
    assert record["created_at"] == submission.created_at


@pytest.mark.usefixtures("of_this_database")
@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("parcel", "01890a5d-ac96-774b-bcce-b302099a8057", "The database holds no 'parcel': its entities are "),
        ("submission", "", "There is no submission '': an id looks like"),
        ("submission", "01890a5d-ac96-774b-bcce-b302099a8057", "There is no submission '"),
    ],
)
async def test_an_entity_that_is_not_there_is_one_sentence(name: str, given: str, sentence: str) -> None:
    with pytest.raises(records.RecordsError) as caught:
        records.entity(name, given)
    assert str(caught.value).startswith(sentence)


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
