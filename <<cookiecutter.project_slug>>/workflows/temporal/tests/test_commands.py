"""`python -m workflows.temporal start`, `send` and `show`, of a parcel, with Temporal away and there."""

from __future__ import annotations

import asyncio
import io
import json
import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from db.repositories import entities
from db.session import Database
from settings import get_settings
from workflows.temporal import by_hand
from workflows.temporal.__main__ import main
from workflows.temporal.contracts import STATUS_QUERY
from workflows.temporal.tests.parcel_workflow import ParcelProcess
from workflows.temporal.tests.parcels import LABEL, Parcel, make_table
from workflows.temporal.tests.rehearsal import TASK_QUEUE, Script, working

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("parcels")]

NOWHERE = "127.0.0.1:9"
UNKNOWN = "0190163d-8694-739b-aea5-966c26f8ad91"


class Commands:
    """Runs them on one database, with nothing of the user's own .env."""

    def __init__(self, url: str, environment: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self._environment = environment
        self._capture = capture
        self.set("ENV_FILE", os.devnull)
        self.set("DATABASE_URL", url)
        self.set("ENVIRONMENT", "development")
        self.set("TEMPORAL_ADDRESS", NOWHERE)
        self.set("TEMPORAL_NAMESPACE", "default")
        self.set("TEMPORAL_TASK_QUEUE", TASK_QUEUE)
        self.set("PUBLIC_URL", "")
        self.set("BACKOFF_SECONDS", "0.01")
        self.set("BACKOFF_MAX_SECONDS", "0.01")

    def set(self, name: str, value: str) -> None:
        """Set a variable of the environment."""
        self._environment.setenv(name, value)
        get_settings.cache_clear()

    async def run(self, *words: str, code: int = 0) -> str:
        """Run one in a thread, since it has a loop of its own; return what it printed, as an error if it failed."""
        assert await asyncio.to_thread(main, words) == code, self._capture.readouterr()
        printed = self._capture.readouterr()
        assert (printed.out if code else printed.err) == ""
        return printed.err if code else printed.out

    async def start(self, *words: str, label: str = LABEL, code: int = 0) -> str:
        """Start a parcel's process; return what was printed."""
        return await self.run("start", "parcel", "--label", label, *words, code=code)

    async def shown(self, parcel_id: str) -> dict[str, Any]:
        """Return what `show --json` says."""
        document: dict[str, Any] = json.loads(await self.run("show", parcel_id, "--json"))
        return document


@pytest.fixture
async def commands(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Commands]:
    commands = Commands(database_url, monkeypatch, capsys)
    database = Database(get_settings())
    await make_table(database)
    await database.dispose()
    yield commands
    get_settings.cache_clear()


def id_of(printed: str) -> str:
    return printed.split()[1]


async def label_of(parcel_id: str) -> str:
    database = Database(get_settings())
    try:
        async with database.session(read_only=True) as session:
            row = await session.get(Parcel, uuid.UUID(parcel_id))
            assert row is not None
            return row.label
    finally:
        await database.dispose()


@pytest.mark.slow
async def test_with_temporal_away_what_is_stored_goes_out_with_the_next_command(
    commands: Commands, environment: WorkflowEnvironment
) -> None:
    first = await commands.start("--id", "one")
    parcel_id = id_of(first)
    assert first.splitlines()[:2] == [f"parcel     {parcel_id}", f"workflow   parcel-{parcel_id}"]
    assert "not delivered yet: Temporal refuses the connection" in first
    again = await commands.start("--id", "one")
    assert id_of(again) == parcel_id
    assert "taken before" in again
    assert "not delivered yet" in await commands.run("send", "parcel", "scan", parcel_id, "--place", "Hull")
    assert [entry["event"] for entry in (await commands.shown(parcel_id))["outbox"]] == ["start", "scan"]
    told = await commands.run("show", parcel_id)
    assert "status     received" in told
    assert "pending: start" in told
    assert LABEL not in told

    # Now it is there; starting another one takes the start that was left behind along.
    commands.set("TEMPORAL_ADDRESS", environment.client.service_client.config.target_host)
    other = id_of(printed := await commands.start())
    assert "Delivered to Temporal." in printed
    one, two = (environment.client.get_workflow_handle(f"parcel-{each}") for each in (parcel_id, other))
    assert (await one.describe()).task_queue == TASK_QUEUE
    scan = ("send", "parcel", "scan", parcel_id, "--place")
    assert await commands.run(*scan, "York") == "Delivered to Temporal.\n"
    async with working(environment.client, Script(raw={"sort": {"lane": 3}}), workflows=[ParcelProcess]):
        assert (await asyncio.wait_for(one.result(), 20))["status"] == "arrived"
        assert (await one.query(STATUS_QUERY))["places"] == ["Hull", "York"]
        async with asyncio.timeout(20):
            while (await two.query(STATUS_QUERY))["waiting_until"] is None:
                await asyncio.sleep(0.01)
        recalled = await commands.run("send", "parcel", "recall", other, "--note", "Quillfeather")
        assert recalled == "Delivered to Temporal.\n"
        assert (await asyncio.wait_for(two.result(), 20))["status"] == "returned"
    assert "Quillfeather" not in str(await two.fetch_history())
    recalls = [item for item in (await commands.shown(other))["timeline"] if item["event"] == "recalled"]
    assert [item["detail"] for item in recalls] == [{"by": "cli", "note": "Quillfeather"}]
    assert (await commands.shown(parcel_id))["outbox"] == []
    assert "Delivered" in await commands.run(*scan, "Leeds")
    happened = [item["event"] for item in (await commands.shown(parcel_id))["timeline"]]
    assert happened[:2] == ["received", "scanned"]
    assert happened[-2:] == ["scanned", "signal_after_end"]


async def test_the_same_id_acts_once_and_another_content_is_refused(commands: Commands) -> None:
    parcel_id = id_of(await commands.start("--id", "two"))
    assert "used before, with something else" in await commands.start("--id", "two", label="another", code=1)
    recall = ("send", "parcel", "recall", parcel_id, "--id", "r1")
    await commands.run(*recall, "--note", "soon")
    assert "taken before" in await commands.run(*recall, "--note", "soon")
    assert "used before, with something else" in await commands.run(*recall, code=1)
    assert [entry["event"] for entry in (await commands.shown(parcel_id))["outbox"]] == ["start", "recall"]


async def test_a_body_comes_by_flags_from_files_or_as_json(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    label, body = tmp_path / "label.txt", tmp_path / "body.json"
    label.write_text("\ufeffTwo lines,\nand “quotes”", encoding="utf-8")
    body.write_text(json.dumps({"label": "@home", "of_a_later_version": 1}))
    assert await label_of(id_of(await commands.start(label=f"@{label}"))) == label.read_text("utf-8-sig")
    parcel_id = id_of(await commands.run("start", "parcel", "--json", str(body)))
    assert await label_of(parcel_id) == "@home"
    monkeypatch.setattr("sys.stdin", io.StringIO("from elsewhere"))
    assert await label_of(id_of(await commands.start(label="@-"))) == "from elsewhere"
    monkeypatch.setattr("sys.stdin", io.StringIO('{"place": "Hull"}'))
    await commands.run("send", "parcel", "scan", parcel_id, "--json", "-")
    last = (await commands.shown(parcel_id))["timeline"][-1]
    assert (last["event"], last["detail"]) == ("scanned", {"place": "Hull"})


async def test_nothing_is_said_of_a_parcel_whose_status_is_final(commands: Commands) -> None:
    parcel_id = id_of(await commands.start())
    database = Database(get_settings())
    async with database.session() as session:
        assert await entities.set_status(session, "parcel", uuid.UUID(parcel_id), "lost")
    await database.dispose()
    told = await commands.run("send", "parcel", "recall", parcel_id, code=1)
    assert told == "The parcel's status is final: lost.\n"
    assert "status     lost" in await commands.run("show", parcel_id)


async def test_what_is_wrong_is_a_sentence_that_names_it(commands: Commands, tmp_path: Path) -> None:
    assert await commands.run("show", UNKNOWN, code=1) == "There is no entity with this id.\n"
    recall, scan = ("send", "parcel", "recall"), ("send", "parcel", "scan")
    assert await commands.run(*recall, UNKNOWN, code=1) == "There is no parcel with this id.\n"
    binary, number = tmp_path / "binary", tmp_path / "number.json"
    binary.write_bytes(b"\xff\xfe\x00")
    number.write_text("3")
    for words, sentence in (
        (("show", "ann"), "ID is wrong: give the id that `start` printed."),
        ((*scan, "ann", "--place", "x"), "ID is wrong: give the id that `start` printed."),
        ((*scan, UNKNOWN), "--place is missing."),
        ((*scan, UNKNOWN, "--place", ""), "--place is wrong: string should have at least 1 character."),
        ((*scan, UNKNOWN, "--parcel-id", UNKNOWN), "unrecognized arguments: --parcel-id"),
        ((*scan, UNKNOWN, "--json", str(number)), "--json is wrong: the file holds no JSON object."),
        ((*scan, UNKNOWN, "--json", "/none"), "--json is wrong: the file cannot be read (No such file or directory)."),
        ((*scan, UNKNOWN, "--json", str(number), "--place", "x"), "--json is the whole body: leave out --place."),
        ((*recall, UNKNOWN, "--id", ""), "argument --id: it must have 1 to"),
        (("send", "parcel", "rumour", UNKNOWN), "invalid choice: 'rumour'"),
        (("send", "parsley", "recall", UNKNOWN), "invalid choice: 'parsley'"),
        (("start", "parsley"), "invalid choice: 'parsley'"),
        (("start", "parcel"), "--label is missing."),
        (("start", "parcel", "--label", "@/none"), "--label is wrong: the file cannot be read (No such file"),
        (("start", "parcel", "--label", f"@{binary}"), "--label is wrong: the file is not plain text in UTF-8; conv"),
    ):
        assert sentence in await commands.run(*words, code=2)
    told = await commands.start(label=LABEL * 9, code=2)
    assert told == "--label is wrong: string should have at most 200 characters.\n"


async def test_to_look_makes_no_database(commands: Commands, tmp_path: Path) -> None:
    commands.set("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'app.db'}")
    assert await commands.run("show", UNKNOWN, code=1) == "There is no entity with this id.\n"
    assert list(tmp_path.glob("app.db*")) == []


async def test_what_is_away_or_set_wrong_is_said(commands: Commands) -> None:
    commands.set("DATABASE_URL", "postgresql://127.0.0.1:9/none")
    assert "The database is not available" in await commands.start(code=1)
    commands.set("TEMPORAL_ADDRESS", "http://localhost")
    # Said before anything is stored.
    assert "TEMPORAL_ADDRESS is wrong" in await commands.start(code=2)


async def test_flags_are_explained(commands: Commands) -> None:
    assert "text; @FILE reads it from a file" in await commands.run("start", "parcel", "--help")
    told = await commands.run("send", "parcel", "--help")
    assert "Where a parcel was seen." in told
    assert "The sender wants it back." in told


async def test_where_there_is_no_process_yet_it_says_how_to_make_one(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_hand, "processes", dict)
    for words in (("start", "parcel"), ("send",)):
        assert await commands.run(*words, code=2) == "There is no process yet: raw new process makes one.\n"
