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
    sweep = tmp_path / "outbox-sweep.json"
    first = record("--folder", str(tmp_path), "outbox-sweep")
    assert (first.returncode, first.stdout, first.stderr) == (0, "recorded  outbox-sweep.json\n", "")
    sweep.write_text("older")
    done = record("--folder", str(tmp_path), "outbox-sweep")
    assert (done.returncode, done.stdout, done.stderr) == (0, "kept      outbox-sweep.json\n", "")
    assert sweep.read_text() == "older"

    beside = record("--folder", str(tmp_path), "--label", "second-reminder", "outbox-sweep")
    assert beside.returncode == 0, beside.stderr
    assert sweep.read_text() == "older"
    assert (tmp_path / "outbox-sweep.second-reminder.json").read_text().startswith('{"events":[\n')

    anew = record("--folder", str(tmp_path), "--replace", "outbox-sweep")
    assert anew.returncode == 0, anew.stderr
    assert (tmp_path / "outbox-sweep.json").read_text() == (
        tmp_path / "outbox-sweep.second-reminder.json"
    ).read_text()


def test_wrong_usage(tmp_path: Path) -> None:
    for words in (["--label", "../x"], ["--label", "x", "--replace"], ["nonsense"]):
        done = record("--folder", str(tmp_path), *words)
        assert done.returncode == 2
        assert "error: " in done.stderr
    assert list(tmp_path.iterdir()) == []
