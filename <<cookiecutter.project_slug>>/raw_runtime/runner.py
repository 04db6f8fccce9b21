"""Runs a workflow in a process of its own: what `raw run` does, without its words."""

from __future__ import annotations

import os
from pathlib import Path

from raw_runtime import launch, tracecontext
from raw_runtime.errors import RawError, UsageError, WorkflowBroken
from raw_runtime.rundir import new_run_dir
from raw_runtime.runspec import ENV_FD, RunSpec
from raw_runtime.supervisor import supervise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from raw_runtime.project import Project, Workflow
    from raw_runtime.result import RunResult
    from raw_runtime.supervisor import Exit

DRY_RUN_SECONDS = 60.0
"""A dry run's time, when none is given."""


class Request:
    """What is to be run: `args` are flags, which win over `params`; `timeout` is in seconds.

    The workflow's stdout goes to descriptor `stdout_fd` (2: to stderr, when stdout is wanted for the result).
    """

    __slots__ = ("args", "params", "project", "stdout_fd", "timeout", "workflow")

    def __init__(
        self,
        project: Project,
        workflow: Workflow,
        args: Sequence[str] = (),
        *,
        params: dict[str, Any] | None = None,
        timeout: float | None = None,
        stdout_fd: int = 1,
    ) -> None:
        self.project = project
        self.workflow = workflow
        self.args = args
        self.params = params
        self.timeout = timeout
        self.stdout_fd = stdout_fd


def run(request: Request, resume: str | None = None) -> RunResult:
    """Run the workflow in a new run directory; `resume` names an earlier run whose finished steps are kept.

    Raises:
        RawError: it could not be started; nothing was run.
    """
    script = find_script(request.workflow, "run.py")
    earlier = resumable(request.workflow, resume) if resume is not None else None
    command = launch.command(script, list(request.args))
    run_dir = new_run_dir(request.workflow)
    spec = _spec(request, run_dir, resume_from=str(earlier) if earlier else None)
    try:
        end = _supervise(command, spec, request, cwd=run_dir, log_path=run_dir / "output.log")
    except OSError as error:
        _remove(run_dir)
        raise WorkflowBroken(f"{command[0]} could not be started: {error.strerror}") from error
    from raw_runtime import settle

    if settle.was_refused(run_dir, end):
        result = settle.unrecorded(request.workflow.id, run_dir, end)
        _remove(run_dir)
        return result
    return settle.settle(request.workflow.id, run_dir, end)


def dry_run(request: Request) -> RunResult:
    """Run dry_run.py in the workflow's folder, with the network shut; its results are not kept.

    The result has no run directory. A script that tried to use the network has failed, even if it hid that.

    Raises:
        RawError: it could not be started; nothing was run.
    """
    import tempfile

    from raw_runtime import network, settle

    try:
        script = find_script(request.workflow, "dry_run.py")
    except WorkflowBroken:
        name = request.workflow.id
        raise RawError(f"{name} has no dry_run.py. Write one to begin with: raw run {name} --dry --init") from None
    command = launch.command(script, list(request.args))
    with tempfile.TemporaryDirectory(prefix="raw-dry-", ignore_cleanup_errors=True) as folder:
        run_dir = Path(folder).resolve() / "run"
        (run_dir / "results").mkdir(parents=True)
        # A dry run leaves nothing in the workflow's folder, compiled modules included.
        env = launch.environment(request.project.root) | {"PYTHONDONTWRITEBYTECODE": "1"}
        report = network.prepare(run_dir.parent, env)
        spec = _spec(request, run_dir, dry=True)
        cwd, limit = request.workflow.path, request.timeout or DRY_RUN_SECONDS
        try:
            end = _supervise(command, spec, request, cwd=cwd, env=env, timeout=limit)
        except OSError as error:
            raise WorkflowBroken(f"{command[0]} could not be started: {error.strerror}") from error
        result = settle.unrecorded(request.workflow.id, run_dir, end)
        if tried := network.attempts(report):
            result.status, result.exit_code = "error", 1
            result.message = f"The dry run tried to reach {', '.join(tried)}: the network is shut. Use a mock instead."
        return result


def show_flags(request: Request) -> int:
    """Print the workflow's own help; return its exit code.

    Raises:
        RawError: it could not be started.
    """
    import tempfile

    command = launch.command(find_script(request.workflow, "run.py"), ["--help"])
    with tempfile.TemporaryDirectory(prefix="raw-help-") as folder, tempfile.TemporaryFile() as text:
        request.stdout_fd = text.fileno()
        end = _supervise(command, _spec(request, Path(folder)), request, cwd=Path(folder), timeout=60.0)
        text.seek(0)
        shown = text.read().decode(errors="replace")
    print(shown.replace("usage: run.py", f"usage: raw run {request.workflow.id}", 1), end="")
    return end.code


def resumable(workflow: Workflow, name: str) -> Path:
    """Return the run to resume.

    Raises:
        UsageError: there is none of that name, it still runs, or it succeeded.
    """
    from raw_runtime.rundir import find_run, run_status

    run_dir = find_run(workflow, name)
    status = run_status(run_dir)
    if status == "success":
        raise UsageError(f"Run {run_dir.name} succeeded: there is nothing to resume. Start anew: raw run {workflow.id}")
    if status == "running":
        raise UsageError(f"Run {run_dir.name} is still running: nothing to resume yet.")
    return run_dir


def find_script(workflow: Workflow, name: str) -> Path:
    """Return the workflow's script of this name.

    Raises:
        WorkflowBroken: there is none.
    """
    script = workflow.path / name
    if not script.is_file():
        raise WorkflowBroken(f"{workflow.id} has no {name} (looked for {script}).")
    return script


def _spec(request: Request, run_dir: Path, *, resume_from: str | None = None, dry: bool = False) -> RunSpec:
    return RunSpec(
        workflow_id=request.workflow.id,
        run_id=run_dir.name,
        run_dir=str(run_dir),
        project_root=str(request.project.root),
        params=request.params,
        resume_from=resume_from,
        dry=dry,
        traceparent=tracecontext.current(),
    )


def _supervise(
    command: list[str],
    spec: RunSpec,
    request: Request,
    *,
    cwd: Path,
    env: dict[str, str] | None = None,
    log_path: Path | None = None,
    timeout: float | None = None,
) -> Exit:
    fd = spec.open_fd()
    try:
        env = launch.environment(request.project.root) if env is None else env
        env[ENV_FD] = str(fd)
        return supervise(
            command,
            cwd=cwd,
            env=env,
            pass_fds=[fd],
            log_path=log_path,
            stdout_fd=request.stdout_fd,
            timeout=timeout or request.timeout,
            meanwhile=_load_the_rest,
        )
    finally:
        os.close(fd)


def _load_the_rest() -> None:
    """Load what is needed after the run, while the child loads: the two cores share the work."""
    import raw_runtime.settle  # noqa: F401


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
