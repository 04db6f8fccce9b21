"""What every executor offers, and what they share."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from raw_runtime.errors import ParamsError, UsageError
from raw_runtime.project import Project, find_project
from raw_runtime.result import RunResult

_MOST_SECONDS = 10**9


class Executor(Protocol):
    """Runs RAW workflows of one project; an async context manager that ends in `aclose()`."""

    async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:
        """Run one workflow and return what it came to."""
        ...

    async def start(self) -> None:
        """Get ready, so that the first run need not wait."""
        ...

    async def aclose(self) -> None:
        """End everything that was started."""
        ...

    async def __aenter__(self) -> Self:
        """Start."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        ...


class ProjectExecutor(ABC):
    """An executor bound to one project (default: the one around the current folder)."""

    def __init__(self, project: Project | None = None) -> None:
        self._project = project

    @property
    def project(self) -> Project:
        """The project whose workflows it runs.

        Raises:
            ProjectNotFound: none was given, and the current folder is in none.
        """
        if self._project is None:
            self._project = find_project()
        return self._project

    @abstractmethod
    async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:
        """Run one workflow and return what it came to: failure, crash and timeout are in the result.

        `name` is the workflow's id; `params` are the fields of its Params model, as JSON values. `timeout`
        is in seconds (None: no limit) and counts from when the run starts, not while it waits for its turn.
        Cancelling the call ends the run and whatever it started.

        Raises:
            WorkflowNotFound: no workflow of that name; nothing was run.
            ProjectNotFound: no project was given or found.
        """

    async def start(self) -> None:
        """Get ready, so that the first run need not wait."""
        self.project.workflows()

    async def aclose(self) -> None:
        """End everything that was started."""
        return

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self.aclose()


def checked(params: Mapping[str, Any], timeout: float | None) -> dict[str, Any]:
    """Return params as what JSON makes of them, so that every executor hands the workflow the same values.

    Pydantic models become objects; dates, decimals, paths, UUIDs and the like become strings.

    Raises:
        ParamsError: JSON cannot hold them.
        UsageError: the timeout is no time.
    """
    if timeout is not None and not 0 < timeout < _MOST_SECONDS:
        raise UsageError(f"timeout: {timeout!r} is not a time in seconds, such as 30 or 0.5.")
    try:
        plain: dict[str, Any] = json.loads(json.dumps(dict(params), default=_json_value))
    except (TypeError, ValueError, RecursionError) as error:
        raise ParamsError(f"The params cannot be written as a JSON object: {error}. Give plain values.") from error
    return plain


def _json_value(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dump(mode="json")
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)
