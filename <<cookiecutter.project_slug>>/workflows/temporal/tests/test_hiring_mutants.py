"""The gate is only worth something if it fails: mutants of the hiring process, each in a copy of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from settings import ROOT
from workflows.temporal.tests.hiring_mutants import ENTER_DECISION, MUTANTS, PROCESS
from workflows.temporal.tests.mutants import check, copy_of_the_project, tried, validate
from workflows.temporal.validate import HISTORIES
from workflows.temporal.validation.checks import statuses_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return tried(MUTANTS, PROCESS, tmp_path_factory.mktemp("mutants"))


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant(name: str, outcomes: dict[str, Any]) -> None:
    check(MUTANTS[name], outcomes[name])


def test_what_was_not_replayed_is_told(outcomes: dict[str, Any]) -> None:
    """The SDK may never come back from a loop for ever."""
    _, document = outcomes["a loop for ever"]
    told = {check["subject"]: check["words"] for check in document["checks"] if check["kind"] == "replay"}
    assert set(told) == {path.name for path in HISTORIES.glob("*.json")}
    assert told["hiring-withdrawn-during-call.json"].startswith("not replayed")


def test_a_difference_is_told_with_what_to_do(tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path / "copy")
    path = project / PROCESS
    path.write_text(path.read_text().replace(ENTER_DECISION, ""))
    done = validate(project)
    assert done.returncode == 1
    assert done.stdout.isascii()
    assert 'if workflow.patched("what-changed"):' in done.stdout
    assert done.stdout.count("make histories ARGS=--replace") == 1
    assert "FAIL  replay      hiring-completed.json: " in done.stdout
    assert "PASS  replay      hiring-no-show.json: " in done.stdout


def test_a_status_without_a_history(tmp_path: Path) -> None:
    histories = shutil.copytree(HISTORIES, tmp_path / "histories")
    (histories / "hiring-no-show.json").unlink()
    done = validate(ROOT, "--histories", str(histories))
    assert done.returncode == 1
    assert "FAIL  histories   HiringProcess: there is none that ends no_show" in done.stdout


def test_its_statuses() -> None:
    from workflows.temporal.hiring_process import HiringProcess

    assert statuses_of(HiringProcess) == ("completed", "rejected", "expired", "no_show", "withdrawn", "failed")
