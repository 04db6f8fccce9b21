"""A candidate by hand: `start`, `send` and `show` as processes of their own, on an empty database."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from db import testing
from settings import ROOT
from workflows.temporal.tests.hiring_standin import StandIn
from workflows.temporal.tests.rehearsal import TASK_QUEUE, Script, working

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

UNKNOWN = "0190163d-8694-739b-aea5-966c26f8ad91"
PERSON = ("--name", "Ann", "--email", "ann@example.com", "--phone", "+49 30 901820", "--position", "Engineer")


@pytest.fixture(params=testing.kinds())
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database without tables: the commands migrate it."""
    async with testing.empty_database(request.param, tmp_path) as url:
        yield url


class Commands:
    """Runs them on one database."""

    def __init__(self, url: str, address: str) -> None:
        # Nothing of the user's own environment or .env may decide what a test sees.
        self._env = {
            # The second lets a gate that runs out of time end this process too.
            **{name: os.environ[name] for name in ("PATH", "RAW_GATES_COMMAND") if name in os.environ},
            "PYTHONPATH": str(ROOT),
            "ENV_FILE": os.devnull,
            "DATABASE_URL": url,
            "ENVIRONMENT": "development",
            "TEMPORAL_ADDRESS": address,
            "TEMPORAL_NAMESPACE": "default",
            "TEMPORAL_TASK_QUEUE": TASK_QUEUE,
            "PUBLIC_URL": "",
        }

    async def run(self, *words: str, code: int = 0) -> str:
        """Run one; return what it printed, on standard error if it failed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "workflows.temporal", *words),
            cwd=ROOT,
            env=self._env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == code, (out, err)
        assert (out if code else err) == b""
        return (err if code else out).decode()


async def test_a_candidate_by_hand(url: str, environment: WorkflowEnvironment, tmp_path: Path) -> None:
    commands = Commands(url, environment.client.service_client.config.target_host)
    text = tmp_path / "text.txt"
    text.write_text("Seven years of Python.\n", encoding="utf-8")
    started = await commands.run("start", "hiring", *PERSON, "--cv-text", f"@{text}", "--id", "ann-1")
    assert "Delivered to Temporal." in started
    candidate_id = started.split()[1]
    assert started.splitlines()[:2] == [f"candidate  {candidate_id}", f"workflow   hiring-{candidate_id}"]

    async def send(event: str, *words: str) -> str:
        return await commands.run("send", "hiring", event, candidate_id, *words)

    handle = environment.client.get_workflow_handle(f"hiring-{candidate_id}")
    async with working(environment.client, Script(), workflows=[StandIn]):
        text.write_text("Ann: Hello.", encoding="utf-8")
        at = ("--call-time", "2030-05-06T14:30:00+02:00")
        assert "Delivered" in await send("calendar", "--type", "scheduled", *at)
        assert "Delivered" in await send("decision", "--decision", "approve", "--note", "Good.")
        call = ("call-completed", "--call-sid", "CA1", "--status")
        assert "nothing that the process is told" in await send(*call, "ringing")
        assert "Delivered" in await send(*call, "completed", "--transcript", f"@{text}")
        told = await handle.query("told", result_type=list[str])
        assert [word.split()[0] for word in told] == ["CalendarEvent", "Decision", "CallEvent"]
        assert '"decision":"approve","by":"cli"' in told[1]
        assert '"status":"completed","transcript":true' in told[2]
        assert "Good." not in "".join(told)
        assert "Delivered" in await send("withdrawal")
        assert (await handle.result())["status"] == "withdrawn"
        assert "Delivered" in await send("calendar", "--type", "cancelled")
    shown = json.loads(await commands.run("show", candidate_id, "--json"))
    happened = [item["event"] for item in shown["timeline"]]
    assert (happened[0], happened[-1]) == ("received", "signal_after_end")
    assert (shown["type"], shown["outbox"]) == ("candidate", [])


async def test_what_is_wrong_is_a_sentence_that_names_it(tmp_path: Path) -> None:
    commands = Commands(f"sqlite+aiosqlite:///{tmp_path / 'app.db'}", "127.0.0.1:9")
    for words, sentence in (
        (("start", "hiring", *PERSON), "--cv-text is missing."),
        (("start", "hiring", *PERSON, "--cv-text", "x", "--email", "ann"), "--email is wrong: give one address, such"),
        (("start", "hiring", *PERSON, "--cv-text", "x", "--phone", "ann"), "--phone is wrong: give digits with the"),
        (("send", "hiring", "calendar", UNKNOWN, "--type", "scheduled"), "--call-time is wrong: needed when a call is"),
        (
            ("send", "hiring", "calendar", UNKNOWN, "--type", "scheduled", "--call-time", "noon"),
            "--call-time is wrong: give a time with its offset",
        ),
        (("send", "hiring", "decision", UNKNOWN, "--decision", "maybe"), "--decision is wrong: input should be 'appr"),
        (("send", "hiring", "twilio", UNKNOWN), "invalid choice: 'twilio'"),
    ):
        assert sentence in await commands.run(*words, code=2)
