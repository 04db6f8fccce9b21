from __future__ import annotations

import sys
from pathlib import Path

import pytest
from gate_support import make_project

from raw_runtime.errors import UsageError
from raw_runtime.gates import Gate, load_gates
from raw_runtime.gates.environment import bin_dir, child_environment, missing, search_path
from raw_runtime.gates.model import SKIP, Fallback
from raw_runtime.gates.plan import make_plan, select

CONFIG = """\
    builder:
      gates:
        default: [validate, lint]
        optional:
          lint: {command: "true"}
          compile: {command: "true", static: true}
          e2e: {command: "true"}
"""


def chosen(tmp_path: Path, *names: str, every: bool = False, static: bool = False) -> list[str]:
    project = make_project(tmp_path, CONFIG)
    return [gate.name for gate in select(load_gates(project), project, names, every=every, static=static)]


def test_the_default_list(tmp_path: Path) -> None:
    assert chosen(tmp_path) == ["validate", "lint"]


def test_all_adds_the_optional_ones_but_not_a_built_in_that_was_left_out(tmp_path: Path) -> None:
    assert chosen(tmp_path, every=True) == ["validate", "lint", "compile", "e2e"]


def test_static_adds_the_static_ones(tmp_path: Path) -> None:
    assert chosen(tmp_path, static=True) == ["validate", "lint", "compile"]


def test_names_are_taken_alone_and_once(tmp_path: Path) -> None:
    assert chosen(tmp_path, "e2e", "dry", "e2e") == ["e2e", "dry"]


def test_static_adds_nothing_to_names(tmp_path: Path) -> None:
    assert chosen(tmp_path, "lint", static=True) == ["lint"]


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"No gate is called 'lnit'\. Did you mean lint\?"):
        chosen(tmp_path, "lnit")


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on PATH with an executable called `gizmo`."""
    folder = tmp_path / "on-path"
    folder.mkdir()
    (folder / "gizmo").write_text("#!/bin/sh\nexit 0\n")
    (folder / "gizmo").chmod(0o755)
    (folder / "plain-file").write_text("no program")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.mark.parametrize(
    ("requirement", "reason"),
    [
        ("gizmo", ""),
        ("gizmo2", "gizmo2 is not installed"),
        ("plain-file", "plain-file is not installed"),
        ("bin/tool", "bin/tool is not installed"),
        ("module:json", ""),
        ("module:yaml.nodes", ""),
        ("module:nowhere_to_be_found", "the Python module nowhere_to_be_found is not installed"),
        ("module:nowhere.inner", "the Python module nowhere.inner is not installed"),
        ("module:", "the Python module  is not installed"),
        ("runs:gizmo && true", ""),
        ("runs:gizmo --x | false", "`gizmo --x | false` does not run here"),
    ],
)
@pytest.mark.usefixtures("tools")
def test_what_is_missing(tmp_path: Path, requirement: str, reason: str) -> None:
    assert missing(requirement, make_project(tmp_path)) == reason


def test_a_program_of_the_project(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tool").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "tool").chmod(0o755)
    assert missing("bin/tool", project) == ""


@pytest.mark.usefixtures("tools")
def test_the_environment_s_programs_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "env" / "bin"
    fake.mkdir(parents=True)
    (fake / "only-here").write_text("#!/bin/sh\n")
    (fake / "only-here").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake / "python"))
    project = make_project(tmp_path)
    assert missing("only-here", project) == ""
    assert search_path().split(":")[0] == str(fake)
    environ = child_environment(project, "x", tmp_path)
    assert environ["PATH"].split(":")[0] == str(fake)
    assert environ["RAW_PROJECT_ROOT"] == str(tmp_path)


def test_python_means_this_python_where_there_is_only_python3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = sys.executable
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    (tmp_path / "python3").symlink_to(real)
    environ = child_environment(make_project(tmp_path), "x", tmp_path)
    shim = Path(environ["PATH"].split(":")[-1]) / "python"
    assert str(tmp_path / "python3") in shim.read_text()


def test_a_venv_is_named_and_the_outer_one_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(tmp_path)
    monkeypatch.setenv("VIRTUAL_ENV", "/elsewhere")
    monkeypatch.setattr(sys, "prefix", "/mine")
    assert child_environment(project, "x", tmp_path)["VIRTUAL_ENV"] == "/mine"
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    assert "VIRTUAL_ENV" not in child_environment(project, "x", tmp_path)


def test_bin_dir_is_not_resolved() -> None:
    assert bin_dir() == Path(sys.executable).parent


def test_what_is_there_runs(tmp_path: Path) -> None:
    plan = make_plan(Gate("x", "go", requires=("sh", "module:json")), make_project(tmp_path))
    assert (plan.command, plan.note, plan.skip) == ("go", "", None)


def test_missing_without_fallback_is_a_skip_with_reason_and_remedy(tmp_path: Path) -> None:
    skip = make_plan(Gate("x", "go", requires=("no-such-tool",)), make_project(tmp_path)).skip
    assert skip is not None
    assert (skip.status, skip.reason, skip.remedy) == (SKIP, "no-such-tool is not installed", "install no-such-tool")


def test_missing_with_fallback_runs_it_and_says_so(tmp_path: Path) -> None:
    gate = Gate("x", "go", requires=("no-such-tool",), fallback=Fallback("other", ("sh",)))
    plan = make_plan(gate, make_project(tmp_path))
    assert (plan.command, plan.note) == ("other", "by its fallback: no-such-tool is not installed")


def test_missing_with_a_fallback_that_misses_too(tmp_path: Path) -> None:
    gate = Gate("x", "go", requires=("no-such-tool",), fallback=Fallback("other", ("module:nor_this",)))
    skip = make_plan(gate, make_project(tmp_path)).skip
    assert skip is not None
    assert skip.reason == "no-such-tool is not installed; for its fallback, the Python module nor_this is not installed"
    assert skip.remedy == "install no-such-tool or uv sync"


def test_a_fallback_may_have_one_itself(tmp_path: Path) -> None:
    last = Fallback("last", ("sh",))
    gate = Gate("x", "go", requires=("no-such-tool",), fallback=Fallback("other", ("nor-this",), last))
    plan = make_plan(gate, make_project(tmp_path))
    assert (plan.command, plan.note) == ("last", "by its fallback: no-such-tool is not installed")


@pytest.mark.parametrize(("static", "skipped"), [(True, False), (False, True)])
def test_static_runs_only_static_gates(tmp_path: Path, *, static: bool, skipped: bool) -> None:
    skip = make_plan(Gate("x", "go", static=static), make_project(tmp_path), static=True).skip
    assert (skip is not None) is skipped
    if skip is not None:
        assert (skip.reason, skip.remedy) == ("needs the project's environment", "uv sync")
