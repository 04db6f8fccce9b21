"""What the gate `imports` says of a process, found by its file's name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
CONFIG = """
[tool.importlinter]
root_packages = ["house"]
contract_types = ["by_name: workflows.temporal.validation.by_name.ForbiddenByNameContract"]

[[tool.importlinter.contracts]]
name = "No process reaches the database"
type = "by_name"
package = "house"
names = ["base", "*_process"]
forbidden_modules = ["house.db"]
"""


def lint(folder: Path, **modules: str) -> subprocess.CompletedProcess[str]:
    (folder / "pyproject.toml").write_text(CONFIG)
    (folder / "house").mkdir()
    for name, text in {"__init__": "", "db": "", "between": "from house import db\n", **modules}.items():
        (folder / "house" / f"{name}.py").write_text(text)
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_a_new_process_is_held_to_it(tmp_path: Path) -> None:
    done = lint(tmp_path, order_process="from house import between\n", worker="from house import db\n")
    assert done.returncode == 1
    assert "house.order_process is not allowed to import house.db" in done.stdout
    assert "house.worker" not in done.stdout


def test_one_that_reaches_nothing_passes(tmp_path: Path) -> None:
    assert lint(tmp_path, order_process="import json\n").returncode == 0


def test_names_that_match_nothing_are_told(tmp_path: Path) -> None:
    done = lint(tmp_path)
    assert done.returncode == 1
    assert "no module of house has one of the names of this contract" in done.stdout + done.stderr
