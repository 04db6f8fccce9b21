"""Giving an end to runs whose process ended without one. Used by the `raw` command: no pydantic here."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from raw_runtime import lock
from raw_runtime.journal import FILE_NAME as JOURNAL
from raw_runtime.journal import JournalReader, LocalJournalWriter
from raw_runtime.manifest import add_flat, assemble, read_manifest, write_manifest
from raw_runtime.provenance import describe_environment
from raw_runtime.reducer import CRASHED, JournalFold
from raw_runtime.result import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from raw_runtime.results import read_result
from raw_runtime.stamps import iso, new_event_id, utc_now

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

# A process needs a moment between the making of its folder and its first event.
_STARTING_SECONDS = 60.0


def reconcile_run(run_dir: Path) -> str:
    """Return the status of a run; one without an end whose lock nobody holds is marked as crashed first.

    The status is success, failed, cancelled or crashed; running while its process lives; pending while it starts.
    """
    status = _final_status(run_dir)
    if status is not None:
        return status
    try:
        held = lock.take(run_dir)
    except OSError:
        # The folder is not ours to write: say what the journal says.
        return JournalFold().add_all(JournalReader(run_dir / JOURNAL).iter_events()).status
    if held is None:
        return "running"
    try:
        # It may have ended between the first look and the lock.
        status = _final_status(run_dir)
        if status is not None:
            return status
        journal = run_dir / JOURNAL
        if not journal.exists():
            if time.time() - run_dir.stat().st_mtime < _STARTING_SECONDS:
                return "pending"
            last = iso(datetime.fromtimestamp(run_dir.stat().st_mtime, UTC))
        else:
            last = iso(datetime.fromtimestamp(journal.stat().st_mtime, UTC))
        error = f"The process ended without a word. Last sign of life: {last}"
        manifest = _end(run_dir, status="crashed", error=error, exit_code=EXIT_FAILED)
        return str(manifest["run"]["status"])
    finally:
        lock.release(held)


def finish_run(
    run_dir: Path,
    *,
    status: str,
    error: str,
    exit_code: int,
    message: str | None = None,
    workflow_id: str | None = None,
) -> dict[str, Any]:
    """Write the end of a run whose process is gone, and return its manifest.

    `status` is failed (a timeout), cancelled or crashed (killed by a signal); `error` goes to the journal,
    `message` (default: the error) and `workflow_id` (default: the folder's) to the manifest.
    A run that has written an end of its own keeps it.
    """
    manifest = read_manifest(run_dir)
    if manifest is not None and _status_of(manifest) is not None:
        return manifest
    return _end(run_dir, status=status, error=error, exit_code=exit_code, message=message, workflow_id=workflow_id)


def write_refusal(run_dir: Path, *, workflow_id: str, class_name: str, message: str) -> None:
    """Write the manifest of a run that did not begin because its params are wrong (exit code 2)."""
    manifest = _bare(run_dir, class_name, "failed", message)
    write_manifest(run_dir, add_flat(manifest, workflow_id=workflow_id, exit_code=EXIT_USAGE, message=message))


def _final_status(run_dir: Path) -> str | None:
    manifest = read_manifest(run_dir)
    return _status_of(manifest) if manifest is not None else None


def _status_of(manifest: dict[str, Any]) -> str | None:
    run = manifest.get("run")
    status = run.get("status") if isinstance(run, dict) else manifest.get("status")
    return status if status in ("success", "failed", "cancelled", "crashed") else None


def _end(
    run_dir: Path,
    *,
    status: str,
    error: str,
    exit_code: int,
    message: str | None = None,
    workflow_id: str | None = None,
) -> dict[str, Any]:
    journal = run_dir / JOURNAL
    fold = JournalFold().add_all(JournalReader(journal).iter_events())
    directory = workflow_id or _directory_id(run_dir)
    if fold.started is None:
        nested = _bare(run_dir, directory, status, error)
    else:
        if fold.ended is None:
            event = _failed_event(fold.started, f"{CRASHED}{error}" if status == "crashed" else error)
            with LocalJournalWriter(journal) as writer:
                writer.write(event)
            fold.add(event)
        else:
            # The process died after its last event and before its manifest: that event says how it went.
            exit_code = EXIT_OK if fold.status == "success" else exit_code or EXIT_FAILED
            status = fold.status
            message = fold.error if status != "success" else "Workflow completed successfully"
        nested = fold.manifest()
        nested["run"]["status"] = status
    manifest = add_flat(
        nested, workflow_id=directory, exit_code=exit_code, message=message or error, result=read_result(run_dir)
    )
    write_manifest(run_dir, manifest, durable=True)
    return manifest


def _failed_event(started: dict[str, Any], error: str) -> dict[str, Any]:
    now = utc_now()
    try:
        seconds = (now - datetime.fromisoformat(str(started["timestamp"]))).total_seconds()
    except (KeyError, ValueError, TypeError):
        seconds = 0.0
    return {
        "event_id": new_event_id(),
        "event_type": "workflow.failed",
        "timestamp": iso(now),
        "workflow_id": started.get("workflow_id"),
        "run_id": started.get("run_id"),
        "error": error,
        "failed_step": None,
        "duration_seconds": max(0.0, seconds),
    }


def _bare(run_dir: Path, name: str, status: str, error: str) -> dict[str, Any]:
    """Return the manifest of a run that recorded nothing."""
    now = utc_now()
    start = iso(min(now, datetime.fromtimestamp(run_dir.stat().st_mtime, UTC)))
    return assemble(
        workflow={"id": name, "short_name": name, "version": "1.0.0", "created_at": start},
        run={
            "run_id": run_dir.name,
            "workflow_id": name,
            "started_at": start,
            "ended_at": iso(now),
            "status": status,
            "duration_seconds": max(0.0, (now - datetime.fromisoformat(start)).total_seconds()),
            "parameters": {},
            "environment": describe_environment(),
        },
        logs={"stdout": "output.log"},
        error=error,
    )


def _directory_id(run_dir: Path) -> str:
    # .raw/workflows/<id>/runs/<run>
    return run_dir.parent.parent.name if run_dir.parent.name == "runs" else run_dir.name


__all__ = ["finish_run", "reconcile_run", "write_refusal"]
