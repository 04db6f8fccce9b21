"""One run between its call and its result: its place on disk, and its end when it does not end by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raw_runtime import tracecontext
from raw_runtime.errors import RawError
from raw_runtime.executors.worker_process import WorkerDiedError
from raw_runtime.processes import signal_name
from raw_runtime.project import Project, Workflow
from raw_runtime.result import EXIT_CANCELLED, EXIT_TIMEOUT, RunResult
from raw_runtime.rundir import new_run_dir
from raw_runtime.runner import find_script
from raw_runtime.runspec import RunSpec
from raw_runtime.supervisor import Exit


@dataclass(frozen=True, slots=True)
class PendingRun:
    """A run that a worker is given; its run directory exists."""

    workflow: Workflow
    run_dir: Path
    spec: RunSpec

    @classmethod
    def prepare(cls, project: Project, workflow: Workflow, params: dict[str, Any]) -> PendingRun:
        """Make the run directory.

        Raises:
            RawError: it cannot be made, or the workflow has no run.py.
        """
        find_script(workflow, "run.py")
        run_dir = new_run_dir(workflow)
        spec = RunSpec(
            workflow_id=workflow.id,
            run_id=run_dir.name,
            run_dir=str(run_dir),
            project_root=str(project.root),
            params=params,
            traceparent=tracecontext.current(),
        )
        return cls(workflow, run_dir, spec)

    def fields(self) -> dict[str, Any]:
        """Return the spec as JSON values."""
        return {name: getattr(self.spec, name) for name in RunSpec.__slots__}

    @property
    def log(self) -> Path:
        """The file that what the run prints goes to."""
        return self.run_dir / "output.log"

    def died(self, death: WorkerDiedError, timeout: float | None, seconds: float) -> RunResult:
        """Close a run whose worker was killed when its time was up, or died by itself."""
        if death.timed_out:
            end = timeout_end(timeout, seconds, death.last_lines)
        elif death.returncode < 0:
            number = -death.returncode
            end = Exit(128 + number, f"killed by {signal_name(number)}", seconds, death.last_lines, killed=True)
        else:
            end = Exit(death.returncode, None, seconds, death.last_lines)
        return self.settle(end)

    def cancelled(self, seconds: float) -> None:
        """Close a run that its caller gave up."""
        self.settle(cancelled_end(seconds))

    def settle(self, end: Exit) -> RunResult:
        """Leave the run's manifest and journal finished, as `end` says, and return what they tell."""
        from raw_runtime.settle import describe, settle

        try:
            return settle(self.workflow.id, self.run_dir, end)
        except OSError as error:
            message = f"{describe(end)} (its record could not be written: {error.strerror})"
            return RunResult(self.workflow.id, self.run_dir.name, str(self.run_dir), "error", end.code, message)


def timeout_end(timeout: float | None, seconds: float, last_lines: list[str]) -> Exit:
    """Return the end of a run whose time was up."""
    return Exit(EXIT_TIMEOUT, f"timed out after {timeout:g} s", seconds, last_lines)


def cancelled_end(seconds: float) -> Exit:
    """Return the end of a run that its caller gave up."""
    return Exit(EXIT_CANCELLED, "cancelled by its caller", seconds, [], interrupted=True)


def refusal(name: str, error: RawError) -> RunResult:
    """Return the result of a run that could not begin; it has no run directory."""
    return RunResult(name, "", "", "error", error.exit_code, str(error))
