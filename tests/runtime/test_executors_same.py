"""The same call gives the same result, whichever executor runs it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from executor_support import ISOLATED, KINDS, add_workflow, make_project, simple_workflow
from pydantic import BaseModel

from raw_runtime.errors import WorkflowNotFound
from raw_runtime.executors import make_executor
from raw_runtime.project import Project
from raw_runtime.result import RunResult

Call = tuple[str, dict[str, Any], float | None]


def run_everywhere(project: Project, calls: list[Call], kinds: tuple[str, ...] = KINDS) -> list[list[RunResult]]:
    """Return, for each call, the results of the executors, without what differs from run to run."""

    async def of(kind: str) -> list[RunResult]:
        async with make_executor(kind, project) as executor:
            return [await executor.run(name, params, timeout=timeout) for name, params, timeout in calls]

    every = [asyncio.run(of(kind)) for kind in kinds]
    for results in every:
        for result in results:
            check_record(result)
    return [
        [replace(r, run_id="", run_dir="", duration_seconds=0.0) for r in column] for column in zip(*every, strict=True)
    ]


def check_record(result: RunResult) -> None:
    """The run directory tells the same as the result."""
    assert result.duration_seconds >= 0
    if not result.run_id:
        assert result.run_dir == ""
        return
    run_dir = Path(result.run_dir)
    assert run_dir.name == result.run_id
    assert run_dir.stat().st_mode & 0o777 == 0o700
    manifest = json.loads((run_dir / "manifest.json").read_text())
    assert manifest["exit_code"] == result.exit_code
    assert manifest["message"] == result.message
    assert manifest["result"] == result.result
    assert (run_dir / "output.log").exists()


def all_same(results: list[RunResult]) -> RunResult:
    assert all(result == results[0] for result in results), results
    return results[0]


def act(name: str, **params: Any) -> Call:
    return ("acts", {"act": name, **params}, None)


def test_outcomes(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    rows = run_everywhere(
        project,
        [
            act("ok", text="zażółć \N{SNOWMAN} [/b] {{x}} \u0001 'quo\"te'", number=3),
            act("code", number=3),
            act("signal-result"),
            act("completes"),
            act("error-result"),
            act("raises"),
            act("exits"),
            act("wrong-type"),
            act("prints"),
        ],
    )
    ok, code, signalled, complete, error, raised, exits, wrong_type, printed = (all_same(row) for row in rows)
    assert ok.ok
    assert ok.result == {"text": "zażółć \N{SNOWMAN} [/b] {{x}} \u0001 'quo\"te'", "number": 3, "day": "2026-01-02"}
    assert ok.artifacts == ["results/result.json", "results/more.txt"]
    assert (code.status, code.exit_code) == ("error", 3)
    assert (signalled.status, signalled.message) == ("success", "All well")
    assert signalled.result == {"inner": {"name": "n", "sizes": {"a": 1}}, "list": [1, [2, {"b": None}]]}
    assert (complete.status, complete.exit_code) == ("complete", 0)
    assert (error.exit_code, error.message) == (5, "Not so well")
    assert raised.exit_code == 1
    assert "a bad [/b] value" in raised.message
    assert exits.exit_code == 9
    assert wrong_type.exit_code == 1
    assert printed.ok


def test_params(tmp_path: Path) -> None:
    class Model(BaseModel):
        act: str = "ok"
        text: str = "from a model"

    project = make_project(tmp_path)
    rows = run_everywhere(
        project,
        [
            act("ok", nubmer=1),
            act("ok", number="many"),
            act("ok", number=-1, day="no day"),
            act("ok", day=date(2027, 3, 4), number=Decimal(7)),
            ("acts", dict(Model()), None),
            ("acts", {"act": Model}, None),
            ("acts", {("a", "b"): 1}, None),  # type: ignore[dict-item]
            ("acts", {}, -1.0),
        ],
    )
    unknown, not_int, two, plain, model, a_class, no_json, no_time = (all_same(row) for row in rows)
    assert unknown.exit_code == not_int.exit_code == two.exit_code == 2
    assert "nubmer" in unknown.message
    assert "number" in unknown.message
    assert "--number (number)" in not_int.message
    assert "number" in two.message
    assert "day" in two.message
    assert plain.result == {"text": "", "number": 7, "day": "2027-03-04"}
    assert model.result["text"] == "from a model"
    assert a_class.exit_code == 2
    assert (no_json.exit_code, no_json.run_dir) == (2, "")
    assert (no_time.exit_code, no_time.run_dir) == (2, "")
    assert "timeout" in no_time.message
    # What was refused leaves no run directory.
    runs = list((tmp_path / ".raw/workflows/acts/runs").iterdir())
    assert len(runs) == 2 * len(KINDS)


def test_a_megabyte_of_params(tmp_path: Path) -> None:
    text = "ä" * 500_000 + "abc" + "\N{SNOWMAN}" * 500_000 + "xyz"
    (row,) = run_everywhere(make_project(tmp_path), [act("echo-size", text=text)])
    assert all_same(row).result == {"chars": len(text), "last": "xyz"}


def test_crashes(tmp_path: Path) -> None:
    rows = run_everywhere(
        make_project(tmp_path),
        [
            act("os-exit", number=7),
            act("killed", number=signal.SIGKILL),
            act("killed", number=signal.SIGABRT),
            act("segfault"),
        ],
        ISOLATED,
    )
    exited, killed, aborted, fault = (all_same(row) for row in rows)
    assert exited.exit_code == 7
    assert "some words before" in exited.message
    assert killed.exit_code == 128 + signal.SIGKILL
    assert "SIGKILL" in killed.message
    assert "some words before" in killed.message
    assert aborted.exit_code == 128 + signal.SIGABRT
    assert fault.exit_code == 128 + signal.SIGSEGV


def test_timeout(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    (isolated,) = run_everywhere(project, [("acts", {"act": "hangs"}, 4.0)], ISOLATED)
    result = all_same(isolated)
    assert (result.status, result.exit_code) == ("error", 124)
    assert "timed out after 4 s" in result.message

    async def in_process() -> RunResult:
        async with make_executor("inprocess", project) as executor:
            return await executor.run("acts", {"act": "hangs"}, timeout=0.2)

    same = asyncio.run(in_process())
    assert (same.status, same.exit_code) == ("error", 124)
    assert "cannot end its thread" in same.message


def test_broken_and_missing_workflows(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    add_workflow(tmp_path, "syntax", "def broken(:\n")
    add_workflow(tmp_path, "raising", "1 / 0\n")
    (add_workflow(tmp_path, "empty", "") / "run.py").unlink()
    rows = run_everywhere(project, [("syntax", {}, None), ("raising", {}, None), ("empty", {}, None)])
    for row, word in zip(rows, ("syntax", "ZeroDivisionError", "run.py"), strict=True):
        assert {(r.status, r.exit_code) for r in row} == {("error", 1)}
        assert all(word in r.message.lower() or word in r.message for r in row), row
    all_same(rows[2])

    async def missing(kind: str) -> None:
        async with make_executor(kind, project) as executor:
            await executor.run("atcs", {})

    for kind in KINDS:
        with pytest.raises(WorkflowNotFound, match="Did you mean acts"):
            asyncio.run(missing(kind))


def test_siblings_and_tools_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A process has one project: what other tests imported of the template's own tools would be found first.
    for name in [name for name in sys.modules if name.partition(".")[0] == "tools"]:
        monkeypatch.delitem(sys.modules, name)
    project = make_project(tmp_path)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__init__.py").write_text("")
    (tmp_path / "tools" / "words.py").write_text("WORD = 'tool'\n")
    imports = "import helpers\nfrom tools import words\n"
    for name in ("one", "two"):
        add_workflow(
            tmp_path, name, simple_workflow("[helpers.NAME, words.WORD]", imports), helpers=f"NAME = '{name}'\n"
        )
    calls: list[Call] = [("one", {}, None), ("two", {}, None), ("one", {}, None)]
    values = [all_same(row).result["value"] for row in run_everywhere(project, calls)]
    assert values == [["one", "tool"], ["two", "tool"], ["one", "tool"]]


def test_sibling_imported_late(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    late = "__import__('helpers').NAME"
    for name in ("one", "two"):
        add_workflow(tmp_path, name, simple_workflow(late), helpers=f"NAME = '{name}'\n")
    calls: list[Call] = [("one", {}, None), ("two", {}, None), ("one", {}, None)]
    assert [all_same(row).result["value"] for row in run_everywhere(project, calls, ISOLATED)] == ["one", "two", "one"]
