"""What activities work with: settings, the database, and what runs RAW workflows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from db.session import Database
from raw_runtime.errors import UsageError
from raw_runtime.executors import make_executor
from raw_runtime.project import find_project
from raw_runtime.result import RunResult
from settings import ROOT, Settings, SettingsError
from tracing.runs import traced


class Runner(Protocol):
    """Runs a RAW workflow by its name; failure, crash and timeout are in the result."""

    async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:
        """Run it."""
        ...

    async def aclose(self) -> None:
        """End everything that was started."""
        ...


@dataclass(frozen=True, slots=True)
class Resources:
    """One of each a process, made in the event loop that uses them."""

    settings: Settings
    database: Database
    runner: Runner


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Give the resources, close them afterwards; database and runner are touched at their first use only.

    Raises:
        SettingsError: RAW_EXECUTOR names no executor.
    """
    try:
        runner = traced(make_executor(project=find_project(ROOT)))
    except UsageError as error:
        raise SettingsError(str(error)) from None
    database = Database(settings)
    try:
        yield Resources(settings, database, runner)
    finally:
        await runner.aclose()
        await database.dispose()
