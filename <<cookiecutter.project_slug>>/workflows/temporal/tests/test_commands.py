"""`python -m workflows.temporal start`, `send` and `show`, as processes, with Temporal away and there."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from db import testing
from db.repositories import candidates
from db.session import Database
from settings import ROOT, get_settings
from workflows.temporal.__main__ import main
from workflows.temporal.executables import TEST_SERVER, find_executable
from workflows.temporal.tests.standin import StandIn

QUEUE = "edge"
NOWHERE = "127.0.0.1:9"
UNKNOWN = "0190163d-8694-739b-aea5-966c26f8ad91"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=testing.kinds())
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database without tables: the commands migrate it."""
    async with testing.empty_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=find_executable(TEST_SERVER), data_converter=pydantic_data_converter
    )
    async with environment, Worker(environment.client, task_queue=QUEUE, workflows=[StandIn]):
        yield environment


class Commands:
    """Runs them on one database."""

    def __init__(self, url: str, folder: Path) -> None:
        self.cv = folder / "cv.txt"
        self.cv.write_text("Seven years of Python.\n", encoding="utf-8")
        # Nothing of the user's own environment or .env may decide what a test sees.
        self.env = {
            # The second lets a gate that runs out of time end this process too.
            **{name: os.environ[name] for name in ("PATH", "RAW_GATES_COMMAND") if name in os.environ},
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": url,
            "ENVIRONMENT": "development",
            "TEMPORAL_ADDRESS": NOWHERE,
            "TEMPORAL_NAMESPACE": "default",
            "TEMPORAL_TASK_QUEUE": QUEUE,
            "PUBLIC_URL": "",
            "BACKOFF_SECONDS": "0.01",
            "BACKOFF_MAX_SECONDS": "0.01",
        }

    async def run(self, *words: str) -> str:
        """Run one, which must succeed; return what it printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "workflows.temporal", *words),
            cwd=ROOT,
            env=self.env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, (out, err)
        assert err == b""
        return out.decode()

    async def start(self, *words: str) -> str:
        """Start with usual words; return what was printed."""
        person = ["--name", "Ann", "--email", "ann@example.com", "--phone", "+49 30 901820", "--position", "Engineer"]
        return await self.run("start", *person, "--cv", str(self.cv), *words)

    async def shown(self, candidate_id: str) -> dict[str, Any]:
        """Return what `show --json` says."""
        document: dict[str, Any] = json.loads(await self.run("show", candidate_id, "--json"))
        return document


@pytest.fixture
def commands(url: str, tmp_path: Path) -> Commands:
    return Commands(url, tmp_path)


def candidate_of(printed: str) -> str:
    return printed.split()[1]


@pytest.mark.anyio
@pytest.mark.slow
async def test_with_temporal_away_what_is_stored_goes_out_with_the_next_command(
    commands: Commands, environment: WorkflowEnvironment
) -> None:
    first = await commands.start("--id", "ann-1")
    candidate_id = candidate_of(first)
    assert first.splitlines()[1] == f"workflow   hiring-{candidate_id}"
    assert "not delivered yet: Temporal refuses the connection" in first
    again = await commands.start("--id", "ann-1")
    assert candidate_of(again) == candidate_id
    assert "taken before" in again
    told = await commands.run("send", "calendar", candidate_id, "scheduled", "--at", "2030-05-06T14:30:00+02:00")
    assert "not delivered yet" in told
    assert [entry["event"] for entry in (await commands.shown(candidate_id))["outbox"]] == ["start", "calendar"]
    assert "pending: start" in await commands.run("show", candidate_id)

    # Now it is there; starting another candidate takes what was left behind along.
    commands.env["TEMPORAL_ADDRESS"] = environment.client.service_client.config.target_host
    other = await commands.start()
    assert "Delivered to Temporal." in other
    handle = environment.client.get_workflow_handle(f"hiring-{candidate_id}")
    assert (await handle.describe()).task_queue == QUEUE
    assert "Delivered" in await commands.run("send", "decision", candidate_id, "approve", "--note", "Good.")
    commands.cv.write_text("Ann: Hello.", encoding="utf-8")
    call = ("send", "call", candidate_id, "CA1")
    assert "told how the call ends" in await commands.run(*call, "ringing")
    assert "Delivered" in await commands.run(*call, "completed", "--transcript", str(commands.cv))
    told_process = await handle.query("told", result_type=list[str])
    assert [word.split()[0] for word in told_process] == ["CalendarEvent", "Decision", "CallEvent"]
    assert '"decision":"approve","by":"cli"' in told_process[1]
    assert '"status":"completed","transcript":true' in told_process[2]
    assert "Good." not in "".join(told_process)
    assert "Delivered" in await commands.run("send", "withdrawal", candidate_id)
    assert (await handle.result())["status"] == "withdrawn"
    assert "Delivered" in await commands.run("send", "calendar", candidate_id, "cancelled")
    shown = await commands.shown(candidate_id)
    happened = [item["event"] for item in shown["timeline"]]
    assert happened[0] == "received"
    assert happened[-1] == "signal_after_end"
    assert shown["outbox"] == []


class Here:
    """Runs the commands in this process, which is quicker."""

    def __init__(self, folder: Path, environment: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.cv = folder / "cv.txt"
        self.cv.write_text("Seven years of Python.\n", encoding="utf-8")
        self._environment = environment
        self._capture = capture
        self.set("DATABASE_URL", f"sqlite+aiosqlite:///{folder / 'app.db'}")
        self.set("ENVIRONMENT", "development")
        self.set("TEMPORAL_ADDRESS", NOWHERE)

    def set(self, name: str, value: str) -> None:
        """Set a variable of the environment."""
        self._environment.setenv(name, value)
        get_settings.cache_clear()

    def run(self, *words: str, code: int = 0) -> str:
        """Run one; return what it printed, on standard error if it did not succeed."""
        assert main(words) == code
        printed = self._capture.readouterr()
        return printed.err if code else printed.out

    def start(self, *words: str, email: str = "ann@example.com", code: int = 0) -> str:
        """Start with usual words; return what was printed."""
        person = ["--name", "Ann Example", "--email", email, "--phone", "+49 30 901820", "--position", "Engineer"]
        return self.run("start", *person, "--cv", str(self.cv), *words, code=code)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Here]:
    yield Here(tmp_path, monkeypatch, capsys)
    get_settings.cache_clear()


def test_the_same_id_acts_once_and_another_content_is_refused(here: Here) -> None:
    candidate_id = candidate_of(here.start("--id", "ann-1"))
    assert "used before, with something else" in here.start("--id", "ann-1", email="ben@example.com", code=1)
    decide = ("send", "decision", candidate_id)
    here.run(*decide, "approve", "--id", "d1")
    assert "taken before" in here.run(*decide, "approve", "--id", "d1")
    assert "used before, with something else" in here.run(*decide, "reject", "--id", "d1", code=1)
    shown = json.loads(here.run("show", candidate_id, "--json"))
    assert [entry["event"] for entry in shown["outbox"]] == ["start", "decision"]


def test_nothing_is_said_of_a_candidate_whose_status_is_final(here: Here) -> None:
    candidate_id = candidate_of(here.start())

    async def end() -> None:
        database = Database(get_settings())
        async with database.session() as session:
            assert await candidates.set_status(session, uuid.UUID(candidate_id), "expired")
        await database.dispose()

    asyncio.run(end())
    for words in (("decision", candidate_id, "approve"), ("withdrawal", candidate_id)):
        assert here.run("send", *words, code=1) == "The candidate's status is final: expired.\n"
    assert "status     expired" in here.run("show", candidate_id)


def test_what_is_wrong_is_a_sentence_that_names_it(here: Here) -> None:
    assert here.run("show", UNKNOWN, code=1) == "There is no candidate with this id.\n"
    assert list(here.cv.parent.glob("app.db*")) == [], "to look must not make a database"
    assert here.run("send", "withdrawal", UNKNOWN, code=1) == "There is no candidate with this id.\n"
    for words, sentence in (
        (("show", "ann"), "CANDIDATE_ID is wrong: give the id that `start` printed."),
        (("send", "calendar", "ann", "cancelled"), "CANDIDATE_ID is wrong: give the id that `start` printed."),
        (("send", "withdrawal", "ann"), "CANDIDATE_ID is wrong: give the id that `start` printed."),
        (("send", "calendar", UNKNOWN, "scheduled"), "--at is wrong: needed when a call is scheduled or rescheduled."),
        (("send", "calendar", UNKNOWN, "scheduled", "--at", "noon"), "--at is wrong: give a time with its offset"),
        (("send", "decision", UNKNOWN, "approve", "--note", "x" * 3000), "--note is wrong: string should have at most"),
        (("send", "decision", UNKNOWN, "approve", "--id", ""), "argument --id: it must have 1 to"),
        (("send", "call", UNKNOWN, "CA1", "completed", "--transcript", "/none"), "--transcript is wrong: the file"),
        (("send", "rumour", UNKNOWN), "invalid choice: 'rumour'"),
    ):
        assert sentence in here.run(*words, code=2)
    assert "--email is wrong: give one address, such as" in here.start(email="ann", code=2)
    here.cv.write_bytes(b"\xff\xfe\x00")
    assert "--cv is wrong: the file is not plain text in UTF-8" in here.start(code=2)
    here.cv.write_text("")
    assert "--cv is wrong: string should have at least 1 character" in here.start(code=2)
    here.cv.write_text("A CV")
    here.set("DATABASE_URL", "postgresql://127.0.0.1:9/none")
    assert "The database is not available" in here.start(code=1)
    here.set("TEMPORAL_ADDRESS", "http://localhost")
    # Said before anything is stored.
    assert "TEMPORAL_ADDRESS is wrong" in here.start(code=2)
