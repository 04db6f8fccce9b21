"""`make histories`: what is there is kept, unless somebody asks for the contrary."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from settings import ROOT

pytestmark = pytest.mark.slow


def record(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workflows.temporal.tests.record", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    names = ("hiring-failed", "outbox-sweep")
    (tmp_path / "hiring-failed.json").write_text("older")
    done = record("--folder", str(tmp_path), *names)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout == "kept      hiring-failed.json\nrecorded  outbox-sweep.json\n"
    assert (tmp_path / "hiring-failed.json").read_text() == "older"

    beside = record("--folder", str(tmp_path), "--label", "second-reminder", *names)
    assert beside.returncode == 0, beside.stderr
    assert (tmp_path / "hiring-failed.json").read_text() == "older"
    assert (tmp_path / "hiring-failed.second-reminder.json").read_text().startswith('{"events":[\n')

    anew = record("--folder", str(tmp_path), "--replace", *names)
    assert anew.returncode == 0, anew.stderr
    assert (tmp_path / "hiring-failed.json").read_text() == (
        tmp_path / "hiring-failed.second-reminder.json"
    ).read_text()


def test_wrong_usage(tmp_path: Path) -> None:
    for words in (["--label", "../x"], ["--label", "x", "--replace"], ["hiring-nonsense"]):
        done = record("--folder", str(tmp_path), *words)
        assert done.returncode == 2
        assert "error: " in done.stderr
    assert list(tmp_path.iterdir()) == []
