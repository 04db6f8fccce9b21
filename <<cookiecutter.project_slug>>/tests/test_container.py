"""What the image does with its arguments, and how its health check asks."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import container

ROOT = Path(__file__).resolve().parents[1]
STARTED = ["tini", "--", "python", "-IS", "/app/container.py"]


@contextmanager
def answering(status: int) -> Iterator[tuple[int, list[str]]]:
    """Give the port of a server that answers everything with this status, and what it is asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def commands() -> dict[str, Any]:
    return container.load_commands()


def test_a_command_is_this_project_s_python_with_what_follows(commands: dict[str, Any]) -> None:
    command = container.command_line(commands, ["raw", "run", "analyze", "--text", "a b"])
    assert command == [str(ROOT / ".venv/bin/python"), "-m", "raw_runtime", "run", "analyze", "--text", "a b"]


@pytest.mark.parametrize("words", [[], ["bash"], ["--help"]])
def test_what_is_no_command_is_none(commands: dict[str, Any], words: list[str]) -> None:
    assert container.command_line(commands, words) is None


def test_every_command_s_code_is_in_the_image(commands: dict[str, Any]) -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for name, command in commands.items():
        if command["run"]:
            package = command["run"][1].partition(".")[0]
            assert f"!{package}" in ignored or name == "api", name


@pytest.mark.parametrize(
    ("words", "said"), [(["bash"], "'bash' is no command of this image."), ([], "Say what to do.")]
)
def test_wrong_usage_is_told_with_what_there_is(words: list[str], said: str) -> None:
    command = [sys.executable, "-IS", str(ROOT / "container.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{said}\n")
    assert "  raw     the raw command" in done.stderr


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_a_server_is_healthy_when_it_says_so(status: int, healthy: bool) -> None:
    commands = {"serve": {"run": ["-m", "x"], "ready": ["SERVE_PORT", 1]}, "raw": {"run": ["-m", "y"]}}
    with answering(status) as (port, asked):
        assert container.is_healthy(commands, [*STARTED, "serve"], {"SERVE_PORT": str(port)}) is healthy
        assert asked == ["/readyz"]
    assert container.is_healthy(commands, [*STARTED, "serve"], {"SERVE_PORT": str(port)}) is False
    assert container.is_healthy(commands, [*STARTED, "raw", "run", "analyze"], {}) is True
