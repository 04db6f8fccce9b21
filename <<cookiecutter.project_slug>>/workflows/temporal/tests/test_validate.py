"""The gate is only worth something if it fails: mutants of the code, histories that are missing, wrong usage."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from settings import ROOT
from workflows.temporal.tests.mutants import MUTANTS, SWEEP, check, tried, validate
from workflows.temporal.tests.servers import TEMPORAL, needs_server
from workflows.temporal.validate import HISTORIES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return tried(MUTANTS, SWEEP, tmp_path_factory.mktemp("mutants"))


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant(name: str, outcomes: dict[str, Any]) -> None:
    check(MUTANTS[name], outcomes[name])


def test_histories_that_are_missing_or_broken(tmp_path: Path) -> None:
    histories = shutil.copytree(HISTORIES, tmp_path / "histories")
    (histories / "outbox-sweep.json").unlink()
    (histories / "broken.json").write_text('{"events": []}')
    done = validate(ROOT, "--histories", str(histories))
    assert done.returncode == 1
    assert "FAIL  histories   OutboxSweep: there is no recorded history of it" in done.stdout
    assert "FAIL  replay      broken.json: broken.json is no history as " in done.stdout
    assert "make histories" in done.stdout


def test_wrong_usage(tmp_path: Path) -> None:
    for words in (["--histories", str(tmp_path / "none")], ["--timeout", "0"], ["--nonsense"]):
        done = validate(ROOT, *words)
        assert done.returncode == 2
        assert "error: " in done.stderr
        assert done.stdout == ""


def test_settings_of_env_do_not_matter_and_a_wrong_executor_is_told() -> None:
    done = validate(ROOT, DATABASE_URL="nonsense", TEMPORAL_CODEC_KEYS="nonsense")
    assert done.returncode == 0, done.stdout + done.stderr
    done = validate(ROOT, RAW_EXECUTOR="nonsense")
    assert done.returncode == 2
    assert "RAW_EXECUTOR" in done.stderr


@pytest.mark.server
@needs_server
def test_the_temporal_command_runs_it(tmp_path: Path) -> None:
    """The literal command of the gate, which finds the executable by its name."""
    assert TEMPORAL is not None
    script = tmp_path / "temporal-workflow-validate"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m workflows.temporal.validate "$@"\n')
    script.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    command = [TEMPORAL, "workflow", "validate"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "checks passed in" in done.stdout
    command += ["--histories", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode != 0
    assert "FAIL" in done.stdout


@pytest.mark.parametrize(
    ("version", "is_right"),
    [
        ("0.13.2", False),
        ("1.6.0", False),
        ("1.7.2", False),
        ("1.8.0", True),
        ("1.9.1", True),
        ("1.12.0", True),
        ("2.0.0", True),
    ],
)
def test_the_gate_uses_the_temporal_command_where_its_exit_code_is_right(
    version: str, is_right: bool, tmp_path: Path
) -> None:
    text = (ROOT / ".raw/config.yaml").read_text()
    found = re.search(r"'runs:(temporal --version .*?)'", text)
    assert found
    temporal = tmp_path / "temporal"
    temporal.write_text(f"#!/bin/sh\necho 'temporal version {version} (Server 1.32.0, UI 2.54.1)'\n")
    temporal.chmod(0o755)
    env = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    assert (
        subprocess.run(["/bin/sh", "-c", found[1]], env=env, capture_output=True, check=False).returncode == 0
    ) is is_right
