"""The whole project in a folder of its own, and what its gates ask of new files there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from scaffold.tests.copies import ROOT

_SECONDS = 300


def whole_project(folder: Path) -> Path:
    """Copy the whole project; return the folder."""
    out = shutil.ignore_patterns("__pycache__", ".venv", ".git", ".*_cache", "runs", "*.db")
    return Path(shutil.copytree(ROOT, folder, ignore=out))


def run(folder: Path, *words: str) -> str:
    """Run Python in the folder, on whose code it stands; return what it said."""
    env = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=_SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check_style_and_types(folder: Path, files: Sequence[str]) -> None:
    """Run ruff and mypy on these files alone."""
    code = [path for path in files if path.endswith(".py")]
    run(folder, "-m", "ruff", "check", *code)
    run(folder, "-m", "ruff", "format", "--check", *code)
    run(folder, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent", "--cache-dir=.types", *code)


def run_tests(folder: Path, files: Sequence[str]) -> None:
    """Run these tests, on every kind of database that there is here."""
    config = folder / "tests.ini"
    words = "slow: thorough\n  server: needs Temporal\n  integration: needs more"
    config.write_text(f"[pytest]\naddopts = --import-mode=importlib\nmarkers =\n  {words}\n")
    options = ("-q", "-c", str(config), "--rootdir", str(folder), "-p", "no:cacheprovider")
    assert " passed" in run(folder, "-m", "pytest", *options, *files)
