"""Runs gates side by side and keeps what came of each under `.raw/builds/<build id>/`."""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
import traceback
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Protocol

from raw_runtime.errors import UsageError
from raw_runtime.gates.builtin import run_builtin
from raw_runtime.gates.config import load_gates
from raw_runtime.gates.environment import child_environment
from raw_runtime.gates.model import FAIL, PASS, SKIP, Build, Gate, GateResult
from raw_runtime.gates.plan import make_plan, select
from raw_runtime.gates.process import Cancel, run_command
from raw_runtime.project import Project


class Observer(Protocol):
    """Is told, in the calling thread, what happens."""

    def begin(self, gates: list[Gate], build: Build) -> None:
        """The gates are about to start."""

    def started(self, gate: str) -> None:
        """A gate has started."""

    def finished(self, result: GateResult) -> None:
        """A gate has ended."""


def run_gates(
    project: Project,
    names: Iterable[str] = (),
    *,
    every: bool = False,
    static: bool = False,
    jobs: int | None = None,
    timeout_scale: float = 1.0,
) -> list[GateResult]:
    """Run the named gates (default: the project's default ones) and return their results in that order.

    Raises:
        UsageError: the configuration is malformed, or a name is unknown.
        KeyboardInterrupt: it was interrupted; every command has been ended.
    """
    gates = select(load_gates(project), project, list(names), every=every, static=static)
    build = run_build(project, gates, static=static, jobs=jobs, timeout_scale=timeout_scale)
    if build.interrupted:
        raise KeyboardInterrupt
    return build.results


def run_build(
    project: Project,
    gates: list[Gate],
    *,
    static: bool = False,
    jobs: int | None = None,
    timeout_scale: float = 1.0,
    observer: Observer | None = None,
    cancel: Cancel | None = None,
) -> Build:
    """Run the gates, at most `jobs` at once (default: one a processor, at least two), and write `result.json`.

    Calling `cancel` ends all commands (at once, the second time), and `Build.interrupted` tells of it.

    Raises:
        UsageError: `.raw/builds` cannot be written.
        KeyboardInterrupt: somebody else's handler raised it; every command has been ended.
    """
    from raw_runtime.gates.report import verdict

    build, folder = _new_build(project)
    run = _Run(project, gates, folder, static=static, timeout_scale=timeout_scale, cancel=cancel or Cancel())
    started = time.monotonic()
    try:
        if observer is not None:
            observer.begin(gates, build)
        run.start(min(jobs or default_jobs(), len(gates)))
        _follow(run, observer)
    finally:
        if not run.over:  # the observer failed, or it was interrupted
            run.cancel()
        run.join()
    build.interrupted = run.cancel.asked
    build.results = run.ordered()
    build.duration_seconds = time.monotonic() - started
    text = json.dumps(build.to_dict(verdict(build)), ensure_ascii=False, indent=2)
    half = folder / "result.json.part"
    half.write_text(text + "\n", encoding="utf-8")
    half.replace(folder / "result.json")
    return build


def default_jobs() -> int:
    """Return how many gates run at once: as many as processors this process may use, at least two."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(2, usable or 2)


def _follow(run: _Run, observer: Observer | None) -> None:
    """Pass on what happens until all gates have ended."""
    while not run.over or not run.events.empty():
        try:
            event = run.events.get(timeout=0.2)
        except Empty:
            continue
        if observer is not None and isinstance(event, str):
            observer.started(event)
        elif observer is not None and isinstance(event, GateResult):
            observer.finished(event)


def _new_build(project: Project) -> tuple[Build, Path]:
    builds = project.raw_dir / "builds"
    stamp = time.strftime("%Y%m%d-%H%M%S")
    build_id = f"{stamp}-{secrets.token_hex(3)}"
    folder = builds / build_id
    try:
        (folder / "logs").mkdir(parents=True)
    except OSError as error:
        raise UsageError(f".raw/builds cannot be written: {error.strerror}. The gates keep their logs there.") from None
    return Build(build_id, folder.relative_to(project.root).as_posix()), folder


class _Run:
    """The threads that run the gates, one command each at a time."""

    def __init__(
        self, project: Project, gates: list[Gate], folder: Path, *, static: bool, timeout_scale: float, cancel: Cancel
    ) -> None:
        self.events: SimpleQueue[str | GateResult] = SimpleQueue()
        self.cancel = cancel
        self._project = project
        self._gates = gates
        self._folder = folder
        self._static = static
        self._scale = timeout_scale
        self._results: dict[str, GateResult] = {}
        self._todo: SimpleQueue[Gate] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        for gate in gates:
            self._todo.put(gate)

    def start(self, workers: int) -> None:
        for _ in range(workers):
            thread = threading.Thread(target=self._work, daemon=True)
            self._threads.append(thread)
            thread.start()

    @property
    def over(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def join(self) -> None:
        for thread in self._threads:
            while thread.is_alive():
                try:
                    thread.join()
                except KeyboardInterrupt:
                    self.cancel()

    def ordered(self) -> list[GateResult]:
        return [
            self._results.get(gate.name)
            or GateResult(gate.name, SKIP, reason="interrupted before it started", remedy="try again")
            for gate in self._gates
        ]

    def _work(self) -> None:
        while not self.cancel.asked:
            try:
                gate = self._todo.get_nowait()
            except Empty:
                return
            self.events.put(gate.name)
            log = self._folder / "logs" / f"{gate.name}.log"
            try:
                result = self._run(gate, log)
            except Exception as error:  # one gate's trouble must not hide the others' results
                with log.open("a", encoding="utf-8", errors="replace") as file:
                    file.write(traceback.format_exc())
                result = GateResult(gate.name, FAIL, exit_code=1, reason=f"{type(error).__name__}: {error}")
            if log.exists():
                path = log.relative_to(self._project.root).as_posix()
                result = replace(result, log=path)
            self._results[gate.name] = result
            self.events.put(result)

    def _run(self, gate: Gate, log: Path) -> GateResult:
        plan = make_plan(gate, self._project, static=self._static)
        if plan.skip is not None:
            return plan.skip
        if gate.builtin:
            return run_builtin(
                gate.name,
                self._project,
                folder=self._folder,
                log=log,
                timeout_scale=self._scale,
                cancel=self.cancel,
            )
        log.write_text(f"$ {plan.command}\n", encoding="utf-8", errors="replace")
        end = run_command(
            ["/bin/sh", "-c", plan.command.encode(errors="replace")],  # whatever the locale is
            cwd=self._project.root,
            environ=child_environment(self._project, gate.name, self._folder),
            log=log,
            timeout=gate.timeout_seconds * self._scale,
            cancel=self.cancel,
        )
        passed = end.exit_code == 0
        return GateResult(
            gate.name,
            PASS if passed else FAIL,
            end.duration_seconds,
            end.exit_code,
            plan.note if passed else "; ".join(filter(None, [end.reason, plan.note])),
            command=plan.command,
        )
