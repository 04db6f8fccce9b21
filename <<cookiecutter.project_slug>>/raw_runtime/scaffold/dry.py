"""A dry_run.py for a workflow that has none."""

from __future__ import annotations

from pathlib import Path

from raw_runtime.errors import RawError
from raw_runtime.project import Workflow
from raw_runtime.scaffold.files import render, write


def write_dry_run(workflow: Workflow) -> list[Path]:
    """Write a stand-alone dry_run.py, and mocks/example.json if it is missing; return what was written.

    Raises:
        RawError: dry_run.py exists, or the folder cannot be written.
    """
    script, mock = workflow.path / "dry_run.py", workflow.path / "mocks" / "example.json"
    if script.exists():
        raise RawError(f"{workflow.id} has a dry_run.py already. Nothing was changed.")
    written = []
    try:
        if not mock.exists():
            written.append(write(mock, '{\n  "status": "ok",\n  "message": "This is mock data"\n}\n'))
        written.append(write(script, render("dry_run.py", {"id": workflow.id}), executable=True))
    except OSError as error:
        raise RawError(f"Cannot write {script}: {error.strerror}") from error
    return written
