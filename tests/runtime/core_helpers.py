"""What the tests of the runtime's child side share: a project on disk, and runs in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import raw_runtime
from raw_runtime.base import BaseWorkflow
from raw_runtime.execute import execute
from raw_runtime.params import validate_params
from raw_runtime.protocols.logger import ListLogger
from raw_runtime.result import RunResult
from raw_runtime.runspec import RunSpec

RUNTIME_PATH = str(Path(raw_runtime.__file__).parents[1])


def make_project(root: Path) -> Path:
    """Make a folder with .raw/config.yaml in it."""
    (root / ".raw" / "workflows").mkdir(parents=True)
    (root / ".raw" / "config.yaml").write_text('version: "0.2.0"\n')
    return root


def make_spec(root: Path, run_id: str = "20260101-000000-abc123", **more: Any) -> RunSpec:
    """Lay out a run as a supervisor does."""
    if not (root / ".raw").exists():
        make_project(root)
    run_dir = root / ".raw" / "workflows" / "demo" / "runs" / run_id
    run_dir.mkdir(parents=True, mode=0o700)
    return RunSpec("demo", run_id, str(run_dir), project_root=str(root), **more)


def run(
    cls: type[BaseWorkflow[Any]],
    root: Path,
    data: dict[str, Any] | None = None,
    run_id: str = "20260101-000000-abc123",
    logger: ListLogger | None = None,
    **more: Any,
) -> RunResult:
    """Run a class in a folder of its own."""
    params = validate_params(cls, data or {})
    return execute(cls, params, make_spec(root, run_id, **more), logger=logger or ListLogger(), durable=False)


def events(run_dir: str | Path) -> list[dict[str, Any]]:
    """Return the journal's events."""
    lines = (Path(run_dir) / "events.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    assert all(entry["version"] == 1 for entry in entries)
    return [entry["event"] for entry in entries]


def kinds(run_dir: str | Path) -> list[str]:
    """Return the types of the journal's events, in order."""
    return [event["event_type"] for event in events(run_dir)]


def manifest(run_dir: str | Path) -> dict[str, Any]:
    """Return manifest.json."""
    data = json.loads((Path(run_dir) / "manifest.json").read_text())
    assert isinstance(data, dict)
    return data


def run_script(script: str, cwd: Path, *args: str, timeout: float = 60, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `python run.py ARGS` in `cwd`, with `script` as its text."""
    (cwd / "run.py").write_text(script)
    return subprocess.run(
        [sys.executable, "run.py", *args],
        cwd=cwd,
        env=script_env(**env),
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
        check=False,
    )


def script_env(**env: str) -> dict[str, str]:
    """Return an environment in which scripts find the runtime."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAW_")}
    return {**kept, "PYTHONPATH": RUNTIME_PATH, **env}
