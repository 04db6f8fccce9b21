"""Warm worker processes: a run costs a few milliseconds, and still lives and dies alone."""

from __future__ import annotations

import asyncio
import atexit
import weakref
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from time import monotonic
from typing import Any

from raw_runtime.errors import RawError, UsageError
from raw_runtime.executors.base import ProjectExecutor, checked
from raw_runtime.executors.packages import Packages
from raw_runtime.executors.pending import PendingRun, refusal
from raw_runtime.executors.pool_settings import DEFAULT_MAX_RUNS, ENV_MAX_RUNS, ENV_SIZE, default_size, positive_env
from raw_runtime.executors.raw_command import SubprocessExecutor
from raw_runtime.executors.worker_process import WorkerDiedError, WorkerProcess
from raw_runtime.project import Project, Workflow
from raw_runtime.result import RunResult

# A worker may die between two runs, when nobody has looked yet.
_ATTEMPTS = 3


class PoolExecutor(ProjectExecutor):
    """Runs workflows in up to `size` worker processes (RAW_POOL_SIZE; default: one a CPU, 2 at least).

    A worker is started when a run finds none free, kept warm, and runs one workflow at a time in a session
    of its own. It is replaced after `max_runs` runs (RAW_POOL_MAX_RUNS; default 500), after a timeout, a
    crash or a cancellation, when a run leaves processes or threads behind, and when code that it has loaded
    changes on disk. What a workflow's module keeps in global variables lives on in a warm worker: RAW
    workflows are pure functions and keep nothing there (`max_runs=1` gives each run a fresh process).

    Calls beyond `size` wait, first come, first served. Their number is not bounded here: that is the
    caller's business. Workers take over the environment variables of the time when they are started. When
    this process ends in whatever way, its workers and all they run end with it.

    All methods belong on one event loop.
    """

    def __init__(self, project: Project | None = None, *, size: int | None = None, max_runs: int | None = None) -> None:
        super().__init__(project)
        self.size = positive_env(ENV_SIZE, default_size()) if size is None else size
        self.max_runs = positive_env(ENV_MAX_RUNS, DEFAULT_MAX_RUNS) if max_runs is None else max_runs
        if self.size < 1 or self.max_runs < 1:
            raise UsageError("A pool's size and max_runs are whole numbers from 1 upwards.")
        self._idle: list[WorkerProcess] = []
        self._workers: set[WorkerProcess] = set()
        self._waiting: deque[_Turn] = deque()
        self._starting: set[asyncio.Task[None]] = set()
        self._ending: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._alone = SubprocessExecutor(project)
        self._packages = Packages()
        _pools.add(self)

    async def start(self) -> None:
        """Start one worker, so that the first run need not wait; the others start when they are needed."""
        if not self._workers:
            self._give_back(await self._take(""))

    async def aclose(self) -> None:
        """End all workers; a run that is going on is cancelled, a waiting call gets a RawError."""
        self._closed = True
        for turn in self._waiting:
            if not turn.worker.done():
                turn.worker.set_exception(_closed_error())
        self._waiting.clear()
        starting = list(self._starting)
        for task in starting:
            task.cancel()
        await asyncio.gather(*starting, return_exceptions=True)
        idle, self._idle = self._idle, []
        busy = self._workers.difference(idle)
        await asyncio.gather(*(w.retire() for w in idle), *(w.kill() for w in busy))
        await asyncio.gather(*self._ending, return_exceptions=True)
        self._workers.clear()

    def kill_now(self) -> None:
        """End all workers without an event loop, at the end of the process."""
        for worker in self._workers:
            worker.kill_now()

    async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:
        """Run one workflow in a worker and return what it came to; see `ProjectExecutor.run`.

        `timeout` counts from when a worker takes the run: waiting for a free one is not in it.

        Raises:
            WorkflowNotFound: no workflow of that name; nothing was run.
            RawError: the pool is closed.
        """
        workflow = self.project.workflow(name)
        try:
            plain = checked(params, timeout)
            if self._packages.missing(workflow):
                return await self._alone.run(name, plain, timeout=timeout)
            return await self._run(workflow, plain, timeout)
        except RawError as error:
            if self._closed:
                raise
            return refusal(workflow.id, error)
        except OSError as error:
            return refusal(workflow.id, RawError(f"The run could not be started: {error}"))

    async def _run(self, workflow: Workflow, params: dict[str, Any], timeout: float | None) -> RunResult:
        run: PendingRun | None = None
        for attempt in count(1):
            worker = await self._take(workflow.id)
            try:
                run = run or PendingRun.prepare(self.project, workflow, params)
            except RawError:
                self._give_back(worker)
                raise
            started = monotonic()
            try:
                answer = await worker.call({"run_py": str(workflow.run_py), "spec": run.fields()}, run.log, timeout)
            except WorkerDiedError as died:
                self._forget(worker)
                if died.before_run and attempt < _ATTEMPTS:
                    continue
                return await asyncio.to_thread(run.died, died, timeout, monotonic() - started)
            except BaseException:
                # Cancelled, or a fault of ours: nothing of it may go on.
                await worker.kill(grace=0)
                self._forget(worker)
                run.cancelled(monotonic() - started)
                raise
            if answer["op"] == "done":
                worker.workflows.add(workflow.id)
                if answer["reusable"] and worker.runs < self.max_runs:
                    self._give_back(worker)
                else:
                    self._retire(worker)
                return RunResult(**answer["result"])
            # Its code is no longer the one on disk, and nothing was run: another one does it.
            self._retire(worker)
        raise AssertionError  # count() does not end

    async def _take(self, workflow_id: str) -> WorkerProcess:
        """Return a worker that nobody else has, best one that has loaded the workflow; wait for it in turn."""
        if self._closed:
            raise _closed_error()
        turn = _Turn(workflow_id, asyncio.get_running_loop().create_future())
        self._waiting.append(turn)
        self._pump()
        try:
            return await turn.worker
        except asyncio.CancelledError:
            if turn.worker.done() and not turn.worker.cancelled() and turn.worker.exception() is None:
                self._give_back(turn.worker.result())
            with suppress(ValueError):
                self._waiting.remove(turn)
            raise

    def _pump(self) -> None:
        """Hand free workers to those who wait longest, and start as many as are wanted and allowed."""
        self._idle = [worker for worker in self._idle if worker.alive]
        self._workers = {worker for worker in self._workers if worker.alive}
        while self._waiting and self._idle:
            turn = self._waiting.popleft()
            if not turn.worker.done():
                worker = _best(self._idle, turn.workflow_id)
                self._idle.remove(worker)
                turn.worker.set_result(worker)
        wanted = min(len(self._waiting), self.size - len(self._workers)) - len(self._starting)
        for _ in range(wanted if not self._closed else 0):
            task = asyncio.create_task(self._start_worker())
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    async def _start_worker(self) -> None:
        try:
            worker = await WorkerProcess.start(self.project.root)
        except (WorkerDiedError, OSError) as error:
            # Whoever waits longest is told; the others have their own attempt.
            self._starting.discard(_this_task())
            if self._waiting and not (turn := self._waiting.popleft()).worker.done():
                turn.worker.set_exception(_start_error(error))
            self._pump()
            return
        self._starting.discard(_this_task())
        self._workers.add(worker)
        self._give_back(worker)

    def _give_back(self, worker: WorkerProcess) -> None:
        if self._closed:
            self._retire(worker)
            return
        self._idle.append(worker)
        self._pump()

    def _forget(self, worker: WorkerProcess) -> None:
        """Drop a worker that is dead: another may take its place."""
        self._workers.discard(worker)
        self._pump()

    def _retire(self, worker: WorkerProcess) -> None:
        """Let a worker go without making anybody wait for it."""
        self._workers.discard(worker)
        task = asyncio.create_task(worker.retire())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        self._pump()


@dataclass(eq=False, slots=True)
class _Turn:
    """A call that waits for a worker."""

    workflow_id: str
    worker: asyncio.Future[WorkerProcess]


def _best(idle: list[WorkerProcess], workflow_id: str) -> WorkerProcess:
    """Return the one used last among those that have loaded the workflow, else the one used last."""
    return next((worker for worker in reversed(idle) if workflow_id in worker.workflows), idle[-1])


def _this_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


def _closed_error() -> RawError:
    return RawError("The pool is closed: make a new one, or keep it open for as long as runs are wanted.")


def _start_error(error: Exception) -> RawError:
    lines = error.last_lines if isinstance(error, WorkerDiedError) else []
    return RawError("\n".join([f"The pool's worker process did not start: {error}.", *lines]))


_pools: weakref.WeakSet[PoolExecutor] = weakref.WeakSet()


@atexit.register
def _kill_all() -> None:
    """End what was never closed; the workers' lifelines do the same when this process is killed."""
    for pool in _pools:
        pool.kill_now()
