"""What the user sees in a pipe, in CI or on a dumb terminal: a line a gate, then failures, table and verdict."""

from __future__ import annotations

import importlib.util
import os
from types import TracebackType
from typing import Self, TextIO

from raw_runtime.gates.model import FAIL, Build, Gate, GateResult
from raw_runtime.gates.report import failure, line, table, verdict
from raw_runtime.project import Project


class PlainConsole:
    """Prints plain lines to one stream, flushed as they come."""

    def __init__(self, project: Project, stream: TextIO) -> None:
        self._root = project.root
        self._stream = stream
        self._total = 0
        self._done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Nothing is to be cleaned up."""

    def begin(self, gates: list[Gate], build: Build) -> None:
        """Say how many gates run, and where their logs go."""
        self._total = len(gates)
        if gates:
            self._say(f"Running {len(gates)} gate{'s' if len(gates) > 1 else ''}, logs in {build.folder}/logs")

    def started(self, gate: str) -> None:
        """Say nothing: the line comes when the gate ends."""

    def finished(self, result: GateResult) -> None:
        """Print the gate's line."""
        self._done += 1
        self._say(line(self._done, self._total, result))

    def summary(self, build: Build) -> None:
        """Print failures, table and verdict."""
        for result in build.results:
            if result.status == FAIL:
                self._say("\n" + "\n".join(failure(result, self._root)))
        if build.results:
            self._say("\n" + table(build.results) + "\n")
        self._say(verdict(build))

    def _say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


def can_be_live(stream: TextIO) -> bool:
    """Return whether a live table is welcome: a capable terminal, no CI, and rich is there."""
    if not stream.isatty() or os.environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        return False
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        return False
    return importlib.util.find_spec("rich") is not None
