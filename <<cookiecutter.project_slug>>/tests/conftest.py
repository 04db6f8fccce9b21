"""A copy of the project's workflows to run, so that tests leave no runs behind in the project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

PROJECT = Path(__file__).resolve().parents[1]
LIMIT_SECONDS = 120

# pytest need not be started from the root, nor the project be installed.
if str(PROJECT) not in sys.path:
    sys.path.append(str(PROJECT))


class Run(NamedTuple):
    """What `raw run ID --json` left: exit code, the document on stdout (None when there is none), stderr."""

    code: int
    document: dict[str, Any] | None
    stderr: str

    @property
    def result(self) -> dict[str, Any]:
        assert self.document is not None, self.stderr
        found = self.document["result"]
        assert isinstance(found, dict)
        return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    left_out = shutil.ignore_patterns("runs", "results", "_tools", "builds", "cache", "logs", "__pycache__")
    shutil.copytree(PROJECT / ".raw", root / ".raw", ignore=left_out)
    shutil.copytree(PROJECT / "tools", root / "tools", ignore=left_out)
    return root


@pytest.fixture
def as_dry() -> bool:
    """Whether tools take a run for a dry one, so that none reads the user's database or tells people of anything."""
    return True


@pytest.fixture
def raw_run(project: Path, as_dry: bool) -> Callable[..., Run]:
    """Run a workflow through the real command; params go through stdin, flags as they are."""

    def run(workflow: str, *flags: str, params: dict[str, Any] | None = None) -> Run:
        command = [sys.executable, "-m", "raw_runtime", "run", workflow, "--json", *flags]
        if params is not None:
            command += ["--params", "-"]
        env = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "utf-8"}
        env.pop("RAW_PROJECT_ROOT", None)
        if as_dry:
            env["RAW_NETWORK_REPORT"] = os.devnull
        done = subprocess.run(
            command,
            cwd=project,
            env=env,
            input=json.dumps(params or {}).encode(),
            capture_output=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        lines = done.stdout.decode("utf-8").splitlines()
        assert len(lines) <= 1, "stdout holds exactly one line of JSON"
        return Run(done.returncode, json.loads(lines[0]) if lines else None, done.stderr.decode("utf-8", "replace"))

    return run
