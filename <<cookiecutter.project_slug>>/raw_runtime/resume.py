"""Resuming a run: the finished steps of the earlier run give back their recorded results."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from raw_runtime import steplog
from raw_runtime.journal import JournalReader, read_json_lines

if TYPE_CHECKING:
    from typing import Any

    from raw_runtime.context import WorkflowContext


class ResumeState:
    """The recorded results of an earlier run, each given once.

    A call takes the earliest result not yet taken of the same step with the same arguments. So steps that
    ran side by side find their own, and a step whose arguments have changed runs again.
    """

    def __init__(self, run_id: str, rows: list[dict[str, Any]]) -> None:
        self.run_id = run_id
        self.names = {str(row["name"]) for row in rows}
        self._lock = threading.Lock()
        self._rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in sorted(rows, key=lambda r: int(r["ordinal"])):
            self._rows.setdefault((row["name"], row["args"]), []).append(row)

    def take(self, name: str, digest: str | None) -> dict[str, Any] | None:
        """Return the row for a call with these arguments and drop it; None when there is none."""
        if digest is None:
            return None
        with self._lock:
            rows = self._rows.get((name, digest))
            return rows.pop(0) if rows else None


def load_state(run_dir: Path) -> ResumeState:
    """Return what the run in `run_dir` recorded; lines that are broken are left out."""
    wanted = {"name", "ordinal", "args", "kind", "result"}
    rows = [
        row
        for row in read_json_lines(run_dir / steplog.FILE_NAME)
        if isinstance(row, dict) and wanted <= row.keys() and isinstance(row["ordinal"], int)
    ]
    return ResumeState(run_dir.name, rows)


def prepare_resume_state(journal_path: Path) -> tuple[set[str], str]:
    """Return the names of the steps that the journal's run finished, and the run's id.

    Raises:
        ValueError: there is no journal, or none that tells of a start.
    """
    journal_path = Path(journal_path)
    if not journal_path.exists():
        raise ValueError(f"Journal not found: {journal_path}")
    run_id: str | None = None
    last: dict[str, bool] = {}
    for event in JournalReader(journal_path).iter_events():
        kind = event.get("event_type")
        if kind == "workflow.started":
            run_id = event.get("run_id")
        elif kind in ("step.started", "step.failed", "step.completed"):
            last[str(event.get("step_name"))] = kind == "step.completed"
    if run_id is None:
        raise ValueError(f"Failed to read journal: {journal_path} has no event workflow.started")
    return {name for name, finished in last.items() if finished}, run_id


def configure_context_for_resume(context: WorkflowContext, journal_path: Path) -> None:
    """Let `context` take the recorded results of the run whose journal this is.

    Finished steps whose result is not recorded run again.

    Raises:
        ValueError: there is no journal, or none that tells of a start.
    """
    journal_path = Path(journal_path)
    names, run_id = prepare_resume_state(journal_path)
    state = load_state(journal_path.parent)
    state.run_id = run_id
    context.resume = state
    context.resume_completed_steps = names
    context.resumed_from_run_id = run_id


__all__ = ["configure_context_for_resume", "prepare_resume_state"]
