"""What users wait for: start-up of `raw`, a call through each executor, a render. Run with --benchmark-only -n 0."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import MEMORY
from support import Render, render

from raw_runtime.executors import make_executor
from raw_runtime.project import Project

Note = Callable[[str, Callable[[], object], int], None]

TRIVIAL = '''#!/usr/bin/env python3
# /// script
# requires-python = ">=3.10"
# dependencies = ["pydantic>=2.0", "rich>=13.0"]
# ///
"""One trivial step."""

from pydantic import BaseModel

from raw_runtime import BaseWorkflow, step


class Params(BaseModel):
    """What comes in."""

    name: str = "world"


class Result(BaseModel):
    """What goes out."""

    text: str


class Trivial(BaseWorkflow[Params]):
    """Greets."""

    @step("greet")
    def greet(self) -> Result:
        """Return the greeting."""
        return Result(text=f"Hello, {self.params.name}!")

    def run(self) -> int:
        """Greet, and save it."""
        self.save("result.json", self.greet())
        return self.success("greeted").exit_code


if __name__ == "__main__":
    Trivial.main()
'''


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Render:
    """A whole render with its environment, and one trivial workflow more."""
    done = render(tmp_path_factory.mktemp("bench"), gates="none")
    assert done.code == 0, done.out
    uv = Path(sys.executable).with_name("uv")
    env = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    subprocess.run([uv, "sync", "--quiet"], cwd=done.project, env=env, check=True)
    folder = done.project / ".raw/workflows/trivial"
    folder.mkdir()
    (folder / "run.py").write_text(TRIVIAL)
    return done


def command(project: Render, *words: str) -> Callable[[], object]:
    env = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    words = (str(project.project / ".venv/bin" / words[0]), *words[1:])

    def call() -> None:
        subprocess.run(words, cwd=project.project, env=env, check=True, capture_output=True)

    return call


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("python -c 'import pydantic'", ["python", "-c", "import pydantic"]),
        ("raw run, one trivial step", ["raw", "run", "trivial"]),
        ("raw --help", ["raw", "--help"]),
        ("raw show", ["raw", "show"]),
    ],
)
def test_start_up(project: Render, note: Note, name: str, words: list[str]) -> None:
    note(name, command(project, *words), 15)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_bare_function(note: Note) -> None:
    """The floor of a call: the trivial workflow's one line, and its result as JSON."""
    note("bare function", lambda: json.dumps({"text": f"Hello, {'world'}!"}), 200)


@pytest.mark.parametrize(("kind", "rounds"), [("inprocess", 200), ("pool", 200), ("subprocess", 10)])
def test_call(project: Render, note: Note, loop: asyncio.AbstractEventLoop, kind: str, rounds: int) -> None:
    executor = make_executor(kind, Project(project.project))

    def call() -> None:
        outcome = loop.run_until_complete(executor.run("trivial", {"name": "x"}))
        assert outcome.exit_code == 0, outcome.message

    loop.run_until_complete(executor.start())
    try:
        note(f"{kind} call", call, rounds)
    finally:
        loop.run_until_complete(executor.aclose())


def test_cookiecutter_floor(note: Note) -> None:
    words = [sys.executable, "-m", "cookiecutter", "--version"]
    note("cookiecutter --version", lambda: subprocess.run(words, check=True, capture_output=True), 7)


def test_render(note: Note, tmp_path: Path) -> None:
    def call() -> None:
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        done = render(tmp_path / "out", gates="none")
        assert done.code == 0, done.out

    note("render without gates", call, 7)
    MEMORY["files"] = sum(path.is_file() for path in (tmp_path / "out").rglob("*"))
