from __future__ import annotations

import json
from pathlib import Path

import pytest
from gate_support import GOOD, add_workflow, make_project, workflow_code

from raw_runtime.errors import UsageError
from raw_runtime.gates import GateResult, run_gates
from raw_runtime.gates.engine import run_build
from raw_runtime.gates.model import FAIL, PASS, SKIP, Gate


def config(**commands: str) -> str:
    entries = "".join(f"      {name}: {body}\n" for name, body in commands.items())
    return f"builder:\n  gates:\n    default: [{', '.join(commands)}]\n    optional:\n{entries}"


def by_name(results: list[GateResult]) -> dict[str, GateResult]:
    return {result.gate: result for result in results}


def test_results_come_in_the_order_asked_whatever_ends_first(tmp_path: Path) -> None:
    project = make_project(
        tmp_path,
        config(
            slow="{command: 'while [ ! -e quick-done ]; do sleep 0.01; done', timeout_seconds: 60}",
            quick="{command: 'touch quick-done; exit 4'}",
            absent="{command: x, requires: [no-such-tool]}",
        ),
    )
    results = run_gates(project, jobs=2)
    assert [(r.gate, r.status, r.exit_code) for r in results] == [
        ("slow", PASS, 0),
        ("quick", FAIL, 4),
        ("absent", SKIP, None),
    ]
    assert results[1].reason == "exit code 4"
    assert results[2].log is None
    assert results[0].command.startswith("while")


def test_gates_run_side_by_side(tmp_path: Path) -> None:
    meet = "{{command: 'touch {0}; while [ ! -e {1} ]; do sleep 0.01; done', timeout_seconds: 60}}"
    project = make_project(tmp_path, config(a=meet.format("a-here", "b-here"), b=meet.format("b-here", "a-here")))
    assert [result.status for result in run_gates(project, jobs=2)] == [PASS, PASS]


def test_jobs_1_runs_one_after_the_other(tmp_path: Path) -> None:
    alone = "{command: 'mkdir occupied && sleep 0.05 && rmdir occupied'}"
    project = make_project(tmp_path, config(a=alone, b=alone, c=alone))
    assert [result.status for result in run_gates(project, jobs=1)] == [PASS] * 3


def test_a_timeout_is_a_failure_124_and_its_limit_scales(tmp_path: Path) -> None:
    project = make_project(tmp_path, config(x="{command: 'sleep 1000', timeout_seconds: 4}"))
    (result,) = run_gates(project, timeout_scale=0.05)
    assert (result.status, result.exit_code, result.reason) == (FAIL, 124, "timed out after 0.2 seconds")


def test_each_gate_has_a_log_and_the_build_a_result(tmp_path: Path) -> None:
    project = make_project(tmp_path, config(good="{command: 'echo fine; pwd'}", bad="{command: 'echo oh >&2; exit 1'}"))
    build = run_build(project, [Gate("good", "echo fine; pwd"), Gate("bad", "echo oh >&2; exit 1")])
    assert build.folder == f".raw/builds/{build.id}"
    assert (tmp_path / build.folder / "logs" / "good.log").read_text() == f"$ echo fine; pwd\nfine\n{tmp_path}\n"
    assert (tmp_path / build.folder / "logs" / "bad.log").read_text() == "$ echo oh >&2; exit 1\noh\n"
    document = json.loads((tmp_path / build.folder / "result.json").read_text())
    assert (document["build_id"], document["ok"], document["passed"], document["failed"]) == (build.id, False, 1, 1)
    assert [entry["log"] for entry in document["gates"]] == [
        f"{build.folder}/logs/good.log",
        f"{build.folder}/logs/bad.log",
    ]
    assert [folder.name for folder in (tmp_path / ".raw" / "builds").iterdir()] == [build.id]


def test_builds_of_the_same_second_have_folders_of_their_own(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    ids = {run_build(project, []).id for _ in range(5)}
    assert len(ids) == 5


def test_a_fallback_passes_and_says_what_ran(tmp_path: Path) -> None:
    project = make_project(
        tmp_path, config(x="{command: 'exit 9', requires: [no-such-tool], fallback: {command: 'echo instead'}}")
    )
    (result,) = run_gates(project)
    assert (result.status, result.command) == (PASS, "echo instead")
    assert result.reason == "by its fallback: no-such-tool is not installed"
    assert result.log is not None
    assert "instead" in (tmp_path / result.log).read_text()


def test_builds_that_cannot_be_written(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    (project.raw_dir / "builds").write_text("a file is in the way")
    with pytest.raises(UsageError, match=r"\.raw/builds cannot be written"):
        run_gates(project, ["validate"])


class TestValidate:
    def test_good_workflows_pass(self, tmp_path: Path) -> None:
        project = make_project(tmp_path)
        add_workflow(project)
        (result,) = run_gates(project, ["validate"])
        assert (result.status, result.exit_code, result.reason) == (PASS, 0, "")
        assert result.log is not None
        assert (tmp_path / result.log).read_text() == "greet: ok\n1 workflow passed.\n"

    def test_warnings_pass_and_are_counted(self, tmp_path: Path) -> None:
        project = make_project(tmp_path)
        add_workflow(project, code=workflow_code(run="return True"))
        (result,) = run_gates(project, ["validate"])
        assert (result.status, result.reason) == (PASS, "1 warning: raw validate")

    def test_errors_fail_with_the_workflow_named(self, tmp_path: Path) -> None:
        project = make_project(tmp_path)
        add_workflow(project, "good")
        add_workflow(project, "bad", GOOD.replace("def run", "def go"))
        (result,) = run_gates(project, ["validate"])
        assert (result.status, result.exit_code, result.reason) == (FAIL, 1, "errors in bad")

    def test_nothing_to_check_is_no_pass(self, tmp_path: Path) -> None:
        (result,) = run_gates(make_project(tmp_path), ["validate"])
        assert (result.status, result.reason) == (SKIP, "there are no RAW workflows yet")
        assert result.remedy.startswith("raw create")

    def test_it_needs_no_environment(self, tmp_path: Path) -> None:
        project = make_project(tmp_path)
        add_workflow(project)
        assert [r.status for r in run_gates(project, ["validate", "dry"], static=True)] == [PASS, SKIP]


def test_a_gate_that_runs_the_gates_does_not_start_itself_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, config(loop="{command: 'env > seen'}", other="{command: 'true'}"))
    run_gates(project, ["loop"])
    seen = dict(row.partition("=")[::2] for row in (tmp_path / "seen").read_text().splitlines())
    monkeypatch.setenv("RAW_GATES_STACK", seen["RAW_GATES_STACK"])
    with pytest.raises(UsageError, match="The gate loop would start itself for ever"):
        run_gates(project)
    assert [result.status for result in run_gates(project, ["other"])] == [PASS]


def test_trouble_in_one_gate_does_not_hide_the_others(tmp_path: Path) -> None:
    project = make_project(tmp_path, config(good="{command: 'true'}"))
    folder = add_workflow(project)
    (folder / "run.py").chmod(0o000)
    (folder / "run.py").unlink()
    (folder / "run.py").symlink_to("run.py")
    results = by_name(run_gates(project, ["validate", "good"]))
    assert results["good"].status == PASS
    assert results["validate"].status == FAIL
