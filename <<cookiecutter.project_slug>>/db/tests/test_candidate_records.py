"""RAW workflows that are given a candidate's id and no text: `raw run analyze-cv --id=<candidate id>`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.entities.candidate import Candidate
from db.repositories import calls, candidates
from db.session import Database
from db.tests.runs import raw_run
from db.types import new_id, utc_now
from tools import records

pytestmark = pytest.mark.anyio


@pytest.fixture
async def candidate(database: Database) -> Candidate:
    async with database.session() as session:
        return await candidates.create(session, name="Ada", email="a", phone="p", position="x", cv_text="A CV")


@pytest.mark.usefixtures("of_this_database")
async def test_a_candidate_is_read(candidate: Candidate) -> None:
    wanted = records.CandidateRecord(str(candidate.id), "Ada", "a", "p", "x", "A CV")
    assert records.candidate(str(candidate.id)) == wanted


@pytest.mark.usefixtures("of_this_database")
@pytest.mark.parametrize("given", ["demo-1", "", "01890a5d-ac96-774b-bcce-b302099a8057"])
async def test_an_unknown_id_is_one_sentence(given: str) -> None:
    with pytest.raises(records.RecordsError, match=f"^There is no candidate '{given}'"):
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
