"""One warm worker process of the pool: it takes a run from its socket, runs it, answers, waits for the next.

Started by `worker_process`, as the leader of a session of its own, with two inherited descriptors: the
control socket, and the lifeline, a pipe that nobody writes to and whose other end only the parent holds.
"""

from __future__ import annotations

import contextvars
import io
import os
import random
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from raw_runtime import tracecontext
from raw_runtime.env import load_dotenv
from raw_runtime.executors import wire
from raw_runtime.executors.freshness import LoadedCode
from raw_runtime.executors.lifeline import die_with_parent
from raw_runtime.executors.running import run_spec
from raw_runtime.loading import importable, load_workflow_class
from raw_runtime.result import RunResult
from raw_runtime.runspec import RunSpec

if TYPE_CHECKING:
    from raw_runtime.base import BaseWorkflow


def main() -> NoReturn:
    """Serve until the parent closes the socket; argv: control fd, lifeline fd, parent's pid, project root."""
    control_fd, lifeline_fd, parent_pid = (int(argument) for argument in sys.argv[1:4])
    root = Path(sys.argv[4])
    os.set_inheritable(control_fd, False)
    die_with_parent(lifeline_fd, parent_pid)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    with socket.socket(fileno=control_fd) as control:
        Worker(control, root).serve()
    _flush()
    os._exit(0)


class ProcessState:
    """The state that belongs to the process and that a workflow may have changed, to be put back."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._environ = dict(os.environ)
        self._path = list(sys.path)
        self._streams = (sys.stdin, sys.stdout, sys.stderr)
        self._threads = set(threading.enumerate())

    def restore(self) -> bool:
        """Put it back; False when something of the run is still alive, and the worker must not be used again."""
        os.chdir(self._home)
        if dict(os.environ) != self._environ:
            os.environ.clear()
            os.environ.update(self._environ)
        sys.path[:] = self._path
        sys.stdin, sys.stdout, sys.stderr = self._streams
        random.seed()
        signal.alarm(0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return not (set(threading.enumerate()) - self._threads or _has_children())


def _has_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


class Worker:
    """Runs one call after the other."""

    def __init__(self, control: socket.socket, root: Path) -> None:
        self._control = control
        self._code = LoadedCode(root)
        self._classes: dict[Path, type[BaseWorkflow[Any]]] = {}
        self._state = ProcessState(root)
        self._terminated = False

    def serve(self) -> None:
        """Take calls until the parent closes the socket, SIGTERM comes, or loaded code changes on disk."""
        wire.send(self._control, {"op": "ready"})
        while not self._terminated and (request := wire.receive(self._control)) is not None:
            if self._code.changed():
                wire.send(self._control, {"op": "stale"})
                return
            # From here on the call counts as begun: it is not given to another worker when this one dies.
            wire.send(self._control, {"op": "begun"})
            result = self._run(Path(request["run_py"]), RunSpec(**request["spec"]))
            _flush()
            reusable = self._state.restore() and not self._terminated
            self._code.note_imports()
            wire.send(self._control, {"op": "done", "result": result, "reusable": reusable})

    def _run(self, run_py: Path, spec: RunSpec) -> dict[str, Any]:
        def work() -> RunResult:
            with importable(run_py.parent):
                return run_spec(lambda: self._load(run_py), spec, durable=False)

        os.chdir(spec.run_dir)
        load_dotenv()
        if spec.traceparent is not None:
            os.environ[tracecontext.VARIABLE] = spec.traceparent
        sys.argv = [str(run_py)]
        signal.signal(signal.SIGTERM, self._terminate)
        try:
            result = contextvars.copy_context().run(work)
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        # to_dict would copy a large result.
        return {name: getattr(result, name) for name in RunResult.__slots__}

    def _load(self, run_py: Path) -> type[BaseWorkflow[Any]]:
        if run_py not in self._classes:
            self._code.watch(run_py)
            self._classes[run_py] = load_workflow_class(run_py)
            self._code.note_imports()
        return self._classes[run_py]

    def _terminate(self, _number: int, _frame: FrameType | None) -> NoReturn:
        """Have the run's `finally` blocks run, as at Ctrl-C: SIGKILL is soon to follow."""
        self._terminated = True
        raise KeyboardInterrupt


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()


if __name__ == "__main__":
    main()
