"""Runs RAW workflows for the API: one executor, made at the first run, closed with the application."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from raw_runtime.project import find_project
from raw_runtime.result import RunResult
from settings import ROOT
from tracing.runs import traced


class Runner(Protocol):
    """Runs a RAW workflow by its name; failure, crash and timeout are in the result."""

    async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:
        """Run it."""
        ...

    async def aclose(self) -> None:
        """End everything that was started."""
        ...


def make_runner(root: Path = ROOT) -> Runner:
    """Return the executor that RAW_EXECUTOR names, for this project wherever the process was started."""
    from raw_runtime.executors import make_executor

    return traced(make_executor(project=find_project(root)))


class TooManyRunsError(Exception):
    """As many callers wait for a run as may."""


class RawRuns:
    """The application's runner, and a bound on how many callers of the API may wait for a run at a time."""

    def __init__(self, runner: Runner, waiting: int) -> None:
        self.runner = runner
        self._free = waiting

    async def run_for_caller(self, name: str, params: Mapping[str, Any], *, timeout: float) -> RunResult:
        """Run a workflow while a caller waits.

        Raises:
            TooManyRunsError: the bound is reached; nothing was run.
            WorkflowNotFound: no workflow of that name; nothing was run.
        """
        if self._free <= 0:
            raise TooManyRunsError
        self._free -= 1
        try:
            # Waiting for a free worker counts too: the caller's patience is not longer for it.
            async with asyncio.timeout(timeout + 5.0):
                return await self.runner.run(name, params, timeout=timeout)
        finally:
            self._free += 1
