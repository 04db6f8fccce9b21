"""The post-generation hook's own steps: prune, .env, environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from support import load_hook

PARTS = """
[[parts]]
name = "api"
architectures = ["full"]
paths = ["api", "settings.py"]

[[parts]]
name = "reports"
architectures = ["single", "full"]
reports = true
paths = ["report.txt"]

[[parts]]
name = "example"
architectures = ["full"]
also_with_reports = true
example = true
paths = ["example.txt"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "template-parts.toml").write_text(PARTS)
    (tmp_path / "api").mkdir()
    for name in ("api/main.py", "settings.py", "report.txt", "example.txt", "keep.txt"):
        (tmp_path / name).write_text("x\n")
    return tmp_path


@pytest.mark.parametrize(
    ("architecture", "reports", "example", "left"),
    [
        ("full", True, True, {"api", "settings.py", "report.txt", "example.txt", "keep.txt"}),
        ("full", True, False, {"api", "settings.py", "report.txt", "keep.txt"}),
        ("full", False, True, {"api", "settings.py", "example.txt", "keep.txt"}),
        ("single", True, True, {"report.txt", "example.txt", "keep.txt"}),
        ("single", False, True, {"keep.txt"}),
        ("temporal", True, True, {"example.txt", "keep.txt"}),
        ("temporal", True, False, {"keep.txt"}),
    ],
)
def test_prune_by_the_list_of_parts(
    project: Path, architecture: str, reports: bool, example: bool, left: set[str]
) -> None:
    hook = load_hook("post_gen_project")
    hook.prune(project, architecture, reports, example)
    assert {path.name for path in project.iterdir()} == left
    assert hook.prune(project, "single", False, False) == 0  # again, over a finished project: nothing more happens
    assert {path.name for path in project.iterdir()} == left


def test_a_list_that_rots_is_noticed(project: Path) -> None:
    (project / "settings.py").unlink()
    with pytest.raises(RuntimeError, match=r"names settings\.py"):
        load_hook("post_gen_project").prune(project, "full", True, True)


def test_no_python_new_enough_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = load_hook("post_gen_project")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(hook, "find_uv", lambda: None)
    assert hook.find_python("3.11") == sys.executable
    reason = hook.make_environment(tmp_path, "3.99")
    assert reason == "neither uv nor a Python 3.99 is here; install one, then: uv sync"


def test_uv_beside_python_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = load_hook("post_gen_project")
    monkeypatch.setenv("PATH", str(tmp_path))
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    monkeypatch.setattr(sys, "executable", str(uv.with_name("python")))
    assert hook.find_uv() is None
    uv.write_text("#!/bin/sh\n")
    uv.chmod(0o755)
    assert hook.find_uv() == str(uv)


def test_the_first_line_that_names_the_error_is_told(tmp_path: Path) -> None:
    hook = load_hook("post_gen_project")
    script = "import sys; print('Resolving'); print('error: no such host', file=sys.stderr); sys.exit(2)"
    commands = [[sys.executable, "-c", "pass"], [sys.executable, "-c", script], ["false"]]
    assert hook.first_failure(tmp_path, commands, dict(os.environ)) == "error: no such host"
    assert hook.first_failure(tmp_path, commands[:1], dict(os.environ)) is None


def test_what_a_developer_left_is_not_rendered_and_what_a_user_has_stays(tmp_path: Path) -> None:
    hook = load_hook("post_gen_project")
    mine = [".env", ".venv/x", ".raw/dev/app.db", ".raw/workflows/a/runs/1/params.json"]
    caches = ["raw_runtime/__pycache__/a.pyc", ".ruff_cache/1"]
    for name in [*mine, *caches, ".fresh-render", "keep.py"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    hook.drop_leftovers(tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["keep.py"]
    for name in [*mine, *caches]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    hook.drop_leftovers(tmp_path)
    assert [name for name in mine if (tmp_path / name).exists()] == mine
    assert [name for name in caches if (tmp_path / name).exists()] == []


def test_only_an_empty_folder_is_a_fresh_render(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_hook("pre_gen_project").main() == 0
    assert (tmp_path / ".fresh-render").exists()
    (tmp_path / ".fresh-render").rename(tmp_path / "something")
    assert load_hook("pre_gen_project").main() == 0
    assert not (tmp_path / ".fresh-render").exists()
