"""The executor that `RAW_EXECUTOR` names, one for each event loop and project."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

from raw_runtime.errors import UsageError
from raw_runtime.executors.base import Executor
from raw_runtime.project import Project, find_project
from raw_runtime.result import RunResult

ENV_EXECUTOR = "RAW_EXECUTOR"
KINDS = ("inprocess", "pool", "subprocess")
DEFAULT_KIND = "pool"


def executor_kind() -> str:
    """Return the name of the executor that the environment asks for.

    Raises:
        UsageError: `RAW_EXECUTOR` names none.
    """
    kind = os.environ.get(ENV_EXECUTOR, "").strip() or DEFAULT_KIND
    if kind not in KINDS:
        raise UsageError(
            f"RAW_EXECUTOR is {kind!r}: give one of {', '.join(KINDS)}, or leave it out for {DEFAULT_KIND}."
        )
    return kind


def make_executor(kind: str | None = None, project: Project | None = None) -> Executor:
    """Return a new executor of this kind (default: what `RAW_EXECUTOR` names); the caller closes it.

    Raises:
        UsageError: there is no such kind.
    """
    kind = executor_kind() if kind is None else kind
    if kind == "pool":
        from raw_runtime.executors.pool import PoolExecutor

        return PoolExecutor(project)
    if kind == "inprocess":
        from raw_runtime.executors.inprocess import InProcessExecutor

        return InProcessExecutor(project)
    if kind == "subprocess":
        from raw_runtime.executors.raw_command import SubprocessExecutor

        return SubprocessExecutor(project)
    raise UsageError(f"There is no executor {kind!r}: give one of {', '.join(KINDS)}.")


async def run_raw_workflow(
    name: str, params: Mapping[str, Any], *, timeout: float | None = None, project: Project | None = None
) -> RunResult:
    """Run a RAW workflow by its id and return what it came to.

    Failure, wrong params (exit code 2), a crash (128 + signal) and a timeout (124) are in the result. `timeout`
    is in seconds and counts from when the run starts, not while it waits for a free worker. Cancelling
    the call kills the run and all it started. Any number of calls may go on at once.

    The executor is the one that `RAW_EXECUTOR` names (inprocess, pool, subprocess; default pool). It belongs to
    the running event loop, is made by the first call, and is closed when the loop or the process ends.

    Raises:
        WorkflowNotFound: no workflow of that name; nothing was run.
        ProjectNotFound: no `project` was given, and the current folder is in none.
        UsageError: `RAW_EXECUTOR` names no executor.
    """
    executor = await _default_executor(project or find_project())
    return await executor.run(name, params, timeout=timeout)


async def close_default_executors() -> None:
    """Close the running loop's default executors; asyncio.run does the same at its end."""
    holder = _holders.get(asyncio.get_running_loop())
    if holder is not None:
        await holder.aclose()


class _Holder:
    """The default executors of one event loop."""

    def __init__(self) -> None:
        self._executors: dict[tuple[str, Path], Executor] = {}
        self._end = self._close_at_end()

    async def start(self) -> None:
        """Tie the executors' end to the loop's: `asyncio.run` closes every async generator that is open."""
        await anext(self._end)

    def executor(self, kind: str, project: Project) -> Executor:
        """Return the executor of this kind and project."""
        key = (kind, project.root)
        if key not in self._executors:
            self._executors[key] = make_executor(kind, project)
        return self._executors[key]

    async def aclose(self) -> None:
        """Close them all."""
        await self._end.aclose()

    async def _close_at_end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            _holders.pop(asyncio.get_running_loop(), None)
            executors, self._executors = self._executors, {}
            for executor in executors.values():
                await executor.aclose()


_holders: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Holder] = weakref.WeakKeyDictionary()


async def _default_executor(project: Project) -> Executor:
    loop = asyncio.get_running_loop()
    holder = _holders.get(loop)
    if holder is None:
        holder = _holders[loop] = _Holder()
        await holder.start()
    return holder.executor(executor_kind(), project)
