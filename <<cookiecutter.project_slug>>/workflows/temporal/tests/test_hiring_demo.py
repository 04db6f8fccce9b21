"""`demo` with its three candidates, as a user runs it: right, or wrong and said of whom; and nothing of it stays."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from settings import ROOT
from workflows.temporal.dev import demo_command
from workflows.temporal.dev.mails import MailFolder
from workflows.temporal.dev.plays import cast, hiring
from workflows.temporal.dev.system import api_part
from workflows.temporal.tests.servers import needs_server
from workflows.temporal.tests.systems import running

pytestmark = pytest.mark.server
# Whole systems take seconds each: one of a kind is enough for the gate.
slow = pytest.mark.slow

needs_api = pytest.mark.skipif(api_part() is None, reason="this project has no API")
ACCOUNTS = {
    "TWILIO_ACCOUNT_SID": f"AC{'0' * 32}",
    "SMTP_URL": "smtp://127.0.0.1:9",
    "SLACK_WEBHOOK_URL": "http://127.0.0.1:9/",
    "TEMPORAL_API_KEY": "of-the-user",
    "DATABASE_URL": "postgresql+asyncpg://nobody@127.0.0.1:9/nothing",
}
# The three, and those of the processes that were made beside hiring.
EVERYONE = len(cast(MailFolder(ROOT / "no mails")))
_PASSED_OVER = {"__pycache__", "runs", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".venv"}


def files() -> set[str]:
    """Return the project's files, without caches and the folders of runs of other tests."""
    found = set()
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in _PASSED_OVER]
        found |= {os.path.join(folder, name) for name in names}  # noqa: PTH118 - of many thousands
    return found


@needs_server
@pytest.mark.parametrize("flags", [[], pytest.param(["--without-api"], marks=slow)] if api_part() else [[]])
def test_all_three_end_as_they_should_and_nothing_stays(tmp_path: Path, flags: list[str]) -> None:
    """No account of the user's is used, and nothing of their environment counts."""
    before = files()
    with running(tmp_path, "demo", *flags, **ACCOUNTS) as demo:
        demo.until_says("Ready in")
        assert demo.ended() == 0, demo.text()
        assert f"{EVERYONE} of {EVERYONE} ended as they should" in demo.text()
        for words in ("completed reason=approved", "rejected reason=not_qualified", "no_show reason=not_reached"):
            assert words in demo.text()
        assert demo.text().count("call_placed") == 4
        assert demo.left() == {}
    assert [path.name for path in tmp_path.iterdir()] == ["output.log"]
    assert files() == before


@needs_server
def test_it_is_told_who_did_not_end_as_expected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A worker that does not wait for a call's date: two of three expire."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setitem(hiring.CLOCK, "HIRING_SCHEDULE_LIMIT", "PT0.001S")
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        assert demo_command.main([]) == 1
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    told = capsys.readouterr().out
    assert "Tomasz Brandt: expected completed, got expired" in told
    assert "Inés Calderón Fuentes: expected no_show, got expired" in told
    assert "Ishaan Verma-Lund: expected" not in told
    assert f"{EVERYONE - 2} of {EVERYONE} ended as they should" in told
    assert list(tmp_path.iterdir()) == []


@slow
@needs_server
def test_a_worker_that_dies_is_told_of_everyone_who_waits(tmp_path: Path) -> None:
    with running(tmp_path, "demo") as demo:
        demo.until_says("Ready in")
        os.kill(demo.pid_of("workflows.temporal worker"), signal.SIGKILL)
        assert demo.ended() == 1, demo.text()
        assert "Inés Calderón Fuentes: expected no_show" in demo.text()
        assert "worker was ended by SIGKILL" in demo.text()
        assert demo.left() == {}


@slow
@needs_server
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_told_to_end_it_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path, "demo") as demo:
        demo.until_says("Ready in")
        demo.process.send_signal(number)
        assert demo.ended() == 1, demo.text()
        assert demo.left() == {}
    assert [path.name for path in tmp_path.iterdir()] == ["output.log"]


@slow
@needs_server
def test_its_servers_are_kept_until_told(tmp_path: Path) -> None:
    with running(tmp_path, "demo", "--keep") as demo:
        demo.until_says("The servers run on until Ctrl-C.")
        assert [command for command in demo.pids.values() if "start-dev" in command]
        demo.process.send_signal(signal.SIGINT)
        assert demo.ended() == 0, demo.text()
        assert demo.left() == {}


@slow
@needs_server
@needs_api
def test_against_a_system_that_runs(tmp_path: Path) -> None:
    """With that system's durations, secret and key; it runs on afterwards."""
    part = api_part()
    assert part is not None
    given = {**part.fresh_variables(), "DEV_FOLDER": str(tmp_path / "dev")}
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with running(folders[0], "dev", **given, HIRING_CALL_RETRY="PT1S") as dev:
        dev.until_says("Ready in")
        with running(folders[1], "demo", "--against", f"http://127.0.0.1:{dev.api}", **given) as demo:
            assert demo.ended() == 0, demo.text()
            assert f"{EVERYONE} of {EVERYONE} ended as they should" in demo.text()
        assert dev.process.poll() is None


@needs_api
def test_a_system_that_is_not_there_is_said_of_everyone(tmp_path: Path) -> None:
    with running(tmp_path, "demo", "--against", "http://127.0.0.1:9") as demo:
        assert demo.ended() == 1, demo.text()
        assert demo.text().count("does not answer") == EVERYONE
