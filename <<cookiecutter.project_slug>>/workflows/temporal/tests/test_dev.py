"""`dev`, as a user runs it: ready, and ended with everything it started, however it ends."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import time
from pathlib import Path

import pytest

from workflows.temporal.dev.console import readable
from workflows.temporal.dev.system import CannotStartError, Port, api_part, local_port, read_procfile, status_of
from workflows.temporal.tests.servers import needs_server
from workflows.temporal.tests.systems import LIMIT_SECONDS, Command, running

pytestmark = pytest.mark.server
# Whole systems take seconds each: one of a kind is enough for the gate.
slow = pytest.mark.slow


def is_clean(command: Command) -> bool:
    assert command.left() == {}
    ports = (command.temporal, command.ui, command.health, command.api)
    assert [port for port in ports if status_of(f"http://127.0.0.1:{port}/")] == []
    return True


@needs_server
@pytest.mark.parametrize(
    "number",
    [signal.SIGINT, pytest.param(signal.SIGTERM, marks=slow), pytest.param(signal.SIGHUP, marks=slow)],
)
def test_it_is_ready_and_a_signal_ends_all_of_it(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path, "dev") as dev:
        dev.until_says("Ready in")
        assert status_of(f"http://127.0.0.1:{dev.ui}/") == 200
        assert status_of(f"http://127.0.0.1:{dev.health}/readyz") == 200
        if api_part():
            assert status_of(f"http://127.0.0.1:{dev.api}/docs") == 200
            assert "API docs" in dev.text()
        assert "Temporal (its development server), PostgreSQL (SQLite), mail, telephone calls, Slack" in dev.text()
        assert len(dev.pids) >= 3
        dev.process.send_signal(number)
        assert dev.ended() == 0, dev.text()
        assert is_clean(dev)
    # The next start finds what this one knew.
    assert (tmp_path / "dev" / "temporal.db").stat().st_size > 0
    with sqlite3.connect(tmp_path / "app.db") as database:
        assert database.execute("SELECT count(*) FROM entities").fetchone() == (0,)


@needs_server
@pytest.mark.parametrize(
    ("victim", "name"), [pytest.param("server start-dev", "temporal", marks=slow), ("-m watchfiles", "worker|api")]
)
def test_one_process_killed_ends_all_and_says_which(tmp_path: Path, victim: str, name: str) -> None:
    with running(tmp_path, "dev") as dev:
        dev.until_says("Ready in")
        # Of a killed reloader the child lives on, and has to go too.
        os.kill(dev.pid_of(victim), signal.SIGKILL)
        assert dev.ended() == 1, dev.text()
        assert any(f"{one} was ended by SIGKILL" in dev.text() for one in name.split("|")), dev.text()
        assert is_clean(dev)


@slow
@needs_server
def test_killed_itself_it_leaves_nothing_either(tmp_path: Path) -> None:
    with running(tmp_path, "dev") as dev:
        dev.until_says("Ready in")
        dev.process.kill()
        dev.ended()
        until = time.monotonic() + LIMIT_SECONDS
        while dev.left() and time.monotonic() < until:
            time.sleep(0.1)
        assert is_clean(dev)


@needs_server
def test_a_taken_port_is_told_with_its_variable(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running(tmp_path, "dev", TEMPORAL_UI_URL=f"http://localhost:{port}") as dev:
            assert dev.ended() == 2
            assert f"Port {port} is taken by another program" in dev.text()
            assert "TEMPORAL_UI_URL=http://localhost:" in dev.text()
            assert "Traceback" not in dev.text()


def test_a_process_that_the_procfile_does_not_name(tmp_path: Path) -> None:
    with running(tmp_path, "dev", "--only", "mailer") as dev:
        assert dev.ended() == 2
        assert "--only is wrong: the Procfile names temporal, worker" in dev.text()


def test_a_server_elsewhere_is_not_started(tmp_path: Path) -> None:
    with running(tmp_path, "dev", TEMPORAL_ADDRESS="temporal.invalid:7233") as dev:
        dev.until_says("TEMPORAL_ADDRESS")
        assert not [command for command in dev.pids.values() if "start-dev" in command]
        dev.process.send_signal(signal.SIGINT)
        assert dev.ended() == 0
        assert is_clean(dev)


def test_the_address_decides_whether_a_server_is_ours() -> None:
    assert local_port("localhost:7233") == 7233
    assert local_port("127.0.0.1:1") == 1
    assert local_port("[::1]:7") == 7
    assert local_port("temporal.example.com:7233") is None


def test_a_free_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        words = Port(port, "WORKER_HEALTH_PORT").taken()
        assert words is not None
        assert f"Port {port} is taken" in words
        assert "WORKER_HEALTH_PORT=" in words
    assert Port(port, "WORKER_HEALTH_PORT").taken() is None


def test_the_procfile_is_read(tmp_path: Path) -> None:
    file = tmp_path / "Procfile"
    file.write_text("# words: of a comment\n\nworker: python -m x 'a b'\nweb:serve\n")
    assert read_procfile(file) == {"worker": "python -m x 'a b'", "web": "serve"}
    with pytest.raises(CannotStartError, match="nowhere cannot be read"):
        read_procfile(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            '{"at": "2030-05-06T14:30:00.123+00:00", "level": "info", "logger": "x", "event": "go", "n": 1, "o": null}',
            "14:30:00 info    go  n=1",
        ),
        ('{"at"', '{"at"'),
        ('{"at": 1}', '{"at": 1}'),
        ("plain {words}", "plain {words}"),
    ],
)
def test_logs_are_made_readable(line: str, shown: str) -> None:
    assert readable(line) == shown
