"""Reports on what is made here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from raw_runtime.cli import main
from raw_runtime.errors import UsageError
from scaffold.kinds.report import REPORTS
from scaffold.tests.copies import ROOT, made, snapshot
from scaffold.tests.wholes import run, whole_project


@pytest.fixture
def furnished(copy: Path) -> Path:
    """The copy with an entity, one with a process, and what reports know so far."""
    shutil.copytree(ROOT / REPORTS, copy / REPORTS)
    made(copy, "entity", "order-item")
    made(copy, "process", "order-fulfilment", entity="order", signals="paid,shipped")
    return copy


def words(folder: Path, entity: str) -> dict[str, Any]:
    """Make a report and return its file."""
    assert made(folder, "report", entity) == [f"{REPORTS}/{entity.replace('-', '_')}.json"]
    found: dict[str, Any] = json.loads((folder / REPORTS / f"{entity.replace('-', '_')}.json").read_text())
    return found


def test_an_entity_is_reported_on_by_its_statuses(furnished: Path) -> None:
    found = words(furnished, "order-item")
    assert (found["one"], found["many"]) == ("order item", "order items")
    assert [stage["name"] for stage in found["stages"]] == ["received", "in_progress", "completed"]
    assert [end["name"] for end in found["final"]] == ["completed", "cancelled", "expired", "failed"]


def test_a_process_is_reported_on_by_its_stages(furnished: Path) -> None:
    names = [stage["name"] for stage in words(furnished, "order")["stages"]]
    assert names == ["received", "awaiting_paid", "awaiting_shipped", "completed"]


def test_the_first_of_ones_own_is_the_default(furnished: Path) -> None:
    for path in (furnished / REPORTS).glob("*.json"):
        given = json.loads(path.read_text())
        given.pop("default", None)
        path.write_text(json.dumps(given))
    assert words(furnished, "order")["default"] is True
    assert "default" not in words(furnished, "order-item")


def test_what_is_not_there_is_refused(furnished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(furnished)
    assert main(["new", "report", "invoice"]) == 2
    assert "ENTITY 'invoice' is not there. There are: " in capsys.readouterr().err
    assert main(["new", "report", "submission"]) == 2
    assert f"{REPORTS}/submission.json exists already." in capsys.readouterr().err
    assert snapshot(furnished) == before
    shutil.rmtree(furnished / REPORTS)
    with pytest.raises(UsageError, match="makes no reports"):
        made(furnished, "report", "order")


@pytest.mark.slow
def test_a_report_is_made_of_it(tmp_path: Path) -> None:
    folder = whole_project(tmp_path / "project")
    made(folder, "process", "order-fulfilment", entity="order", signals="paid,shipped")
    made(folder, "report", "order")
    command = ("raw_runtime", "run", "generate-report", "--entity", "order", "--no-publish", "--json", "--rows", "[]")
    result = json.loads(run(folder, "-m", *command))["result"]
    assert (result["entity"], result["title"], result["totals"]["rows"]) == ("order", "Orders", 0)
