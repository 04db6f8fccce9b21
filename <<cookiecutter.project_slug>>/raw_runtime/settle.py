"""What a supervised run came to, from how its process ended and what it left in its run directory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from raw_runtime.manifest import add_flat, assemble, read_manifest, write_manifest
from raw_runtime.provenance import get_environment_info
from raw_runtime.result import EXIT_USAGE, RunResult
from raw_runtime.results import read_result
from raw_runtime.rundir import FINISHED, manifest_status
from raw_runtime.stamps import iso

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from raw_runtime.supervisor import Exit


def settle(workflow_id: str, run_dir: Path, end: Exit) -> RunResult:
    """Return the run's result, and leave its manifest and journal finished, whatever happened to its process.

    A process that a signal, the clock or a crash of the interpreter ended left them open: they are closed here
    with the reason. A script that is no BaseWorkflow leaves none: it gets a manifest.
    """
    manifest = read_manifest(run_dir)
    if manifest is None and not (run_dir / "events.jsonl").exists():
        manifest = _plain_manifest(workflow_id, run_dir, end)
        write_manifest(run_dir, manifest)
    elif manifest is None or manifest_status(manifest) not in FINISHED:
        from raw_runtime.reconcile import finish_run

        text = describe(end)
        manifest = finish_run(
            run_dir, status=_status(end), error=text, exit_code=end.code, message=text, workflow_id=workflow_id
        )
    if _exit_code(manifest) != end.code:
        # Finished, then ended otherwise: hung at its exit, or its script went on. What the process did counts.
        manifest = _override(manifest, workflow_id, run_dir, end)
        write_manifest(run_dir, manifest)
    return _result(workflow_id, run_dir, manifest, end)


def was_refused(run_dir: Path, end: Exit) -> bool:
    """True when the script refused its arguments (exit code 2) before it began anything."""
    return (
        end.code == EXIT_USAGE
        and end.reason is None
        and not (run_dir / "events.jsonl").exists()
        and not any((run_dir / "results").iterdir())
    )


def unrecorded(workflow_id: str, run_dir: Path, end: Exit) -> RunResult:
    """Return the result of a process whose run directory is not kept: a refused or a dry run."""
    manifest = read_manifest(run_dir) or _plain_manifest(workflow_id, run_dir, end)
    if _exit_code(manifest) != end.code:
        manifest = _override(manifest, workflow_id, run_dir, end)
    result = _result(workflow_id, run_dir, manifest, end)
    result.run_id = result.run_dir = ""
    result.artifacts = []
    return result


def describe(end: Exit) -> str:
    """Say in one sentence how the process ended, with the last lines it printed when it did not end well."""
    if end.code == 0:
        return "Finished"
    how = end.reason or f"ended with exit code {end.code}"
    lines = " | ".join(line.strip() for line in end.last_lines if not line.startswith("usage: "))
    return f"{how}. Last output: {lines}" if lines else f"{how}, without any output"


def _result(workflow_id: str, run_dir: Path, manifest: dict[str, Any], end: Exit) -> RunResult:
    code = end.code
    return RunResult(
        workflow=workflow_id,
        run_id=run_dir.name,
        run_dir=str(run_dir),
        status=str(manifest.get("signal") or ("success" if code == 0 else "error")),
        exit_code=code,
        message=str(manifest.get("message") or manifest.get("error") or ""),
        result=manifest["result"] if "result" in manifest else read_result(run_dir),
        artifacts=list(manifest.get("artifact_paths") or _artifact_paths(run_dir)),
        duration_seconds=round(end.seconds, 6),
    )


def _status(end: Exit) -> str:
    if end.code == 0:
        return "success"
    if end.interrupted:
        return "cancelled"
    return "crashed" if end.killed else "failed"


def _exit_code(manifest: dict[str, Any]) -> Any:
    return manifest.get("exit_code", 0 if manifest_status(manifest) == "success" else 1)


def _plain_manifest(workflow_id: str, run_dir: Path, end: Exit) -> dict[str, Any]:
    ended = datetime.now(UTC)
    started = iso(ended - timedelta(seconds=end.seconds))
    message = describe(end)
    paths = _artifact_paths(run_dir)
    nested = assemble(
        workflow={"id": workflow_id, "short_name": workflow_id, "version": "1.0.0", "created_at": started},
        run={
            "run_id": run_dir.name,
            "workflow_id": workflow_id,
            "started_at": started,
            "ended_at": iso(ended),
            "status": _status(end),
            "duration_seconds": end.seconds,
            "parameters": {},
            "environment": {**get_environment_info(), "working_directory": str(run_dir)},
        },
        artifacts=[{"type": "output", "path": p, "size_bytes": (run_dir / p).stat().st_size} for p in paths],
        logs={"stdout": "output.log"},
        error=None if end.code == 0 else message,
    )
    return add_flat(nested, workflow_id=workflow_id, exit_code=end.code, message=message, result=read_result(run_dir))


def _override(manifest: dict[str, Any], workflow_id: str, run_dir: Path, end: Exit) -> dict[str, Any]:
    message = describe(end)
    base = manifest if "run" in manifest else _plain_manifest(workflow_id, run_dir, end)
    nested = {**base, "run": {**base["run"], "status": _status(end)}, "error": message}
    if end.code == 0:
        del nested["error"]
    return add_flat(nested, workflow_id=workflow_id, exit_code=end.code, message=message, result=read_result(run_dir))


def _artifact_paths(run_dir: Path) -> list[str]:
    results = run_dir / "results"
    return sorted(str(p.relative_to(run_dir)) for p in results.rglob("*") if p.is_file())
