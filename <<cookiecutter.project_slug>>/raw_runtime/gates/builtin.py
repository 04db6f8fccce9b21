"""The two gates that every project has: validate (reads the RAW workflows) and dry (runs them on their mocks)."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

from raw_runtime.gates.environment import child_environment
from raw_runtime.gates.model import FAIL, PASS, SKIP, GateResult
from raw_runtime.gates.process import Cancel, Ended, run_command
from raw_runtime.project import Project
from raw_runtime.result import EXIT_CANCELLED, EXIT_FAILED, EXIT_OK, EXIT_TIMEOUT

#: One dry run's limit, kept by `raw run --dry` itself; the slack bounds the command around it.
DRY_SECONDS = 60.0
_SLACK_SECONDS = 30.0
_AT_ONCE = 2


def run_builtin(
    name: str, project: Project, *, folder: Path, log: Path, timeout_scale: float, cancel: Cancel
) -> GateResult:
    """Run validate or dry over all RAW workflows, the details into `log`; SKIP when there are none."""
    if not project.workflows():
        return GateResult(
            name, SKIP, reason="there are no RAW workflows yet", remedy='raw create NAME --intent "what it does"'
        )
    if name == "validate":
        return _validate(project, log)
    return _dry(project, folder, log, DRY_SECONDS * timeout_scale, cancel)


def _validate(project: Project, log: Path) -> GateResult:
    from raw_runtime.validation.cli import describe
    from raw_runtime.validation.validator import WorkflowValidator

    started = time.monotonic()
    validator = WorkflowValidator(project.root)
    results = [(workflow, validator.validate(workflow.path)) for workflow in project.workflows()]
    log.write_text(describe(project, results) + "\n", encoding="utf-8", errors="replace")
    failed = [workflow.id for workflow, result in results if not result.success]
    warnings = sum(len(result.warnings) for _, result in results)
    reason = f"errors in {', '.join(failed)}" if failed else ""
    if warnings and not failed:
        reason = f"{warnings} warning{'s' if warnings > 1 else ''}: raw validate"
    return GateResult(
        "validate",
        FAIL if failed else PASS,
        time.monotonic() - started,
        EXIT_FAILED if failed else EXIT_OK,
        reason,
        command="raw validate",
    )


def _dry(project: Project, folder: Path, log: Path, limit: float, cancel: Cancel) -> GateResult:
    """Run each workflow's dry run as a command of its own, two at a time; their logs are joined in order."""
    started = time.monotonic()
    environ = child_environment(project, "dry", folder)
    # The runtime that checks is the one that runs, wherever the project's own packages come from.
    package_parent = str(Path(__file__).parent.parent.parent)
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, [package_parent, environ.get("PYTHONPATH", "")]))
    parts = folder / "logs" / "dry"
    parts.mkdir()
    ends: dict[str, Ended] = {}
    todo: SimpleQueue[str] = SimpleQueue()
    for workflow in project.workflows():
        todo.put(workflow.id)

    def work() -> None:
        while not cancel.asked:
            try:
                name = todo.get_nowait()
            except Empty:
                return
            ends[name] = run_command(
                [sys.executable, "-m", "raw_runtime", "run", name, "--dry", "--timeout", f"{limit:g}"],
                cwd=project.root,
                environ=environ,
                log=parts / f"{name}.log",
                timeout=limit + _SLACK_SECONDS,
                cancel=cancel,
            )

    threads = [threading.Thread(target=work, daemon=True) for _ in range(_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _join_logs(project, parts, log, ends)
    failed = [f"{name} ({_why(end, limit)})" for name, end in sorted(ends.items()) if end.exit_code]
    stopped = cancel.asked
    code = next((end.exit_code for _, end in sorted(ends.items()) if end.exit_code), EXIT_OK)
    return GateResult(
        "dry",
        FAIL if failed or stopped else PASS,
        time.monotonic() - started,
        EXIT_CANCELLED if stopped else code,
        "interrupted" if stopped else ", ".join(failed),
        command="raw run ID --dry",
    )


def _why(end: Ended, limit: float) -> str:
    return f"timed out after {limit:g} seconds" if end.exit_code == EXIT_TIMEOUT else end.reason


def _join_logs(project: Project, parts: Path, log: Path, ends: dict[str, Ended]) -> None:
    """Write what each dry run printed, the failed ones last, so that the log's end shows why."""
    with log.open("wb") as whole:
        for name, end in sorted(ends.items(), key=lambda item: (item[1].exit_code != 0, item[0])):
            state = "ok" if end.exit_code == 0 else end.reason
            whole.write(f"== {name}: {state}, {end.duration_seconds:.2f} s (raw run {name} --dry)\n".encode())
            with (parts / f"{name}.log").open("rb") as part:
                while block := part.read(2**20):
                    whole.write(block)
            whole.write(b"\n")
        for workflow in project.workflows():
            if workflow.id not in ends:
                whole.write(f"== {workflow.id}: not run\n".encode())
