"""Run a workflow in a thread of this process: for tests, and for code that is trusted and pure."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from raw_runtime.errors import RawError
from raw_runtime.executors.base import ProjectExecutor, checked
from raw_runtime.executors.freshness import LoadedCode
from raw_runtime.executors.pending import PendingRun, cancelled_end, refusal, timeout_end
from raw_runtime.executors.running import run_spec
from raw_runtime.executors.threads import Threads
from raw_runtime.loading import forget_siblings, load_workflow_class
from raw_runtime.project import Project
from raw_runtime.result import RunResult
from raw_runtime.supervisor import Exit

if TYPE_CHECKING:
    from raw_runtime.base import BaseWorkflow

MAX_THREADS = 32
_GOES_ON = (
    "The in-process executor cannot end its thread, which goes on until it ends by itself; "
    "take the pool or the subprocess executor where that matters"
)


class LogFile:
    """Takes what a workflow logs into a file; the workflow's own print() goes where this process's output goes."""

    def __init__(self, path: Path) -> None:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(fd, "a", encoding="utf-8", errors="replace")

    def print(self, message: str) -> None:
        """Take one message."""
        self._file.write(f"{message}\n")
        self._file.flush()

    def __enter__(self) -> LogFile:
        """Return the log."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()


class InProcessExecutor(ProjectExecutor):
    """Runs each workflow in a thread, with the caller's context variables; at most MAX_THREADS at once.

    Nothing is isolated: a crash takes this process along, and the current folder, the environment and standard
    output are this process's own (what the workflow logs goes to its output.log only). Python cannot end a
    thread: a run whose time is up gives its result (exit code 124) at once, but its thread goes on until
    it ends by itself, and so does the thread of a cancelled call. Such a thread does not keep the process from
    ending. A workflow is loaded anew when its run.py, or a module that this imported from its own folder,
    changes on disk; modules from elsewhere in the project stay as they are.
    """

    def __init__(self, project: Project | None = None) -> None:
        super().__init__(project)
        self._loaded: dict[Path, tuple[LoadedCode, type[BaseWorkflow[Any]]]] = {}
        self._lock = threading.Lock()
        self._free = asyncio.Semaphore(MAX_THREADS)
        self._threads = Threads("raw-inprocess")

    async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:
        """Run one workflow in a thread and return what it came to; see `ProjectExecutor.run`."""
        workflow = self.project.workflow(name)
        async with self._free:
            try:
                pending = PendingRun.prepare(self.project, workflow, checked(params, timeout))
            except RawError as error:
                return refusal(workflow.id, error)
            started = monotonic()
            given_up: list[Exit] = []
            call = self._threads.call(lambda: self._run(pending, given_up))
            try:
                # Not wait_for: it would cost a task, and there is nothing that could be cancelled.
                await asyncio.wait({call}, timeout=timeout)
                if call.done():
                    return call.result()
                end = timeout_end(timeout, monotonic() - started, [])
            except asyncio.CancelledError:
                given_up.append(cancelled_end(monotonic() - started))
                raise
            finally:
                call.cancel()
            given_up.append(end)
            message = f"{end.reason}. {_GOES_ON}"
            spec = pending.spec
            return RunResult(
                *(spec.workflow_id, spec.run_id, spec.run_dir, "error", end.code, message), duration_seconds=end.seconds
            )

    async def aclose(self) -> None:
        """Let the threads end; one that still runs something ends when that does."""
        self._threads.close()

    def _run(self, pending: PendingRun, given_up: list[Exit]) -> RunResult:
        """Run it in a thread; a run that its caller has given up meanwhile is recorded as that, not by its own end."""
        with LogFile(pending.log) as log:
            result = run_spec(lambda: self._load(pending.workflow.run_py), pending.spec, logger=log, durable=False)
        return pending.settle(given_up[0]) if given_up else result

    def _load(self, run_py: Path) -> type[BaseWorkflow[Any]]:
        with self._lock:
            known = self._loaded.get(run_py)
            if known is not None and not known[0].changed():
                return known[1]
            if known is not None:
                del self._loaded[run_py]
                forget_siblings(run_py.parent)
            code = LoadedCode(run_py.parent)
            code.watch(run_py)
            cls = load_workflow_class(run_py)
            code.note_imports()
            self._loaded[run_py] = (code, cls)
            return cls
