"""Run directories: `.raw/workflows/<id>/runs/<YYYYmmdd-HHMMSS>-<6 hex>/`, private and unique.

RAW_RUNS_DIR names another folder for all of them, such as where the project itself cannot be written; under it they are
`<id>/runs/<run>`.
"""

from __future__ import annotations

import os
import time

from raw_runtime.errors import RawError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from raw_runtime.project import Workflow

FINISHED = frozenset({"success", "failed", "cancelled", "crashed"})
"""Statuses after which nothing more happens to a run."""


def new_run_dir(workflow: Workflow) -> Path:
    """Make a run directory (mode 0700) with an empty `results/`; its name is the run's id.

    Raises:
        RawError: the folder cannot be written.
    """
    runs = runs_folder(workflow)
    try:
        runs.mkdir(parents=True, exist_ok=True)
        while True:
            path = runs / new_run_id()
            try:
                path.mkdir(mode=0o700)
            except FileExistsError:
                continue
            (path / "results").mkdir(mode=0o700)
            return path
    except OSError as error:
        remedy = "Name a folder that can be written in RAW_RUNS_DIR."
        raise RawError(f"Cannot make a run directory in {runs}: {error.strerror}. {remedy}") from error


def runs_folder(workflow: Workflow) -> Path:
    """Return the folder that holds the workflow's run directories; it may not be there yet."""
    elsewhere = os.environ.get("RAW_RUNS_DIR")
    if not elsewhere:
        return workflow.path / "runs"
    # A relative one is meant from the project's root: .raw/workflows/<id> lies three folders below it.
    return workflow.path.parents[2] / elsewhere / workflow.id / "runs"


def new_run_id() -> str:
    """Return local time and six hex digits: five of microseconds, so that ids sort by time, and one by chance."""
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(seconds))
    return f"{stamp}-{nanoseconds // 1000:05x}{os.urandom(1)[0] % 16:x}"


def run_dirs(workflow: Workflow) -> list[Path]:
    """Return the workflow's run directories, newest first."""
    runs = runs_folder(workflow)
    try:
        return [p for p in sorted(runs.iterdir(), reverse=True) if p.is_dir() and not p.name.startswith(".")]
    except OSError:
        return []


def find_run(workflow: Workflow, name: str) -> Path:
    """Return the run with this id, the newest one for `last`, or the only one whose id starts so.

    Raises:
        UsageError: there is none, or several.
    """
    runs = run_dirs(workflow)
    if not runs:
        raise UsageError(f"{workflow.id} has no runs yet.")
    if name == "last":
        return runs[0]
    for run in runs:
        if run.name == name:
            return run
    near = [run for run in runs if name and run.name.startswith(name)]
    if len(near) == 1:
        return near[0]
    if near:
        raise UsageError(f"Run {name!r} is ambiguous: {', '.join(run.name for run in near)}. Give the whole id.")
    shown = ", ".join(run.name for run in runs[:3])
    raise UsageError(f"{workflow.id} has no run {name!r}. Its newest: {shown}. See: raw show {workflow.id}")


def manifest_status(manifest: dict[str, Any]) -> str:
    """Return the status from either form of the manifest (nested under `run`, or flat)."""
    nested = manifest.get("run")
    status = nested.get("status") if isinstance(nested, dict) else manifest.get("status")
    return str(status) if status else "unknown"


def run_status(run_dir: Path) -> str:
    """Return the run's status: running while a process lives for it, else what its manifest says.

    A run without an end that nobody works on any more is marked crashed, once and for all.
    """
    from raw_runtime.manifest import read_manifest
    from raw_runtime.outputlog import has_supervisor

    manifest = read_manifest(run_dir)
    if manifest is not None and manifest_status(manifest) in FINISHED:
        return manifest_status(manifest)
    if has_supervisor(run_dir / "output.log"):
        return "running"
    from raw_runtime.reconcile import reconcile_run

    return str(reconcile_run(run_dir))
