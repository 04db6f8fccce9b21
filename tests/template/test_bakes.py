"""Whole renders through the real command: green by their own gates, and honest where something is missing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import gate0
import pytest
from support import Render, copy_template, render

GATES = {"validate", "dry", "compile", "lint", "types", "imports", "test", "k8s-validate", "helm-validate"}
QUICK = ("validate", "dry", "compile", "lint", "imports")
PROCESS_GATES = GATES | {"temporal-validate", "docker-validate"}
FULL_GATES = PROCESS_GATES | {"api-test"}
HAS_COMPOSE = subprocess.run("docker compose version", shell=True, capture_output=True, check=False).returncode == 0
STATIC = {"validate", "compile"} | ({"docker-validate"} if HAS_COMPOSE else set())
EMPTY_INDEX = {"UV_OFFLINE": "1", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}


def command(done: Render, *words: str, cwd: str = ".") -> subprocess.CompletedProcess[str]:
    """Run a command of the rendered project's environment, in one of its folders."""
    path = f"{done.project / '.venv/bin'}:{os.environ['PATH']}"
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")} | {"PATH": path}
    return subprocess.run(
        words, cwd=done.project / cwd, env=env, capture_output=True, text=True, timeout=300, check=False
    )


def keep_gates(template: Path, names: tuple[str, ...]) -> None:
    """Take the other optional gates from a copy of the template: types and test would do what they do elsewhere."""
    file = template / gate0.SLUG_DIR / ".raw/config.yaml"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    kept, keeps = [], True
    for line in lines:
        if (gate := re.match(r" {6}([a-z0-9-]+):", line)) is not None:
            keeps = gate[1] in names
        if keeps or line.startswith("<%"):
            kept.append(line)
    file.write_text("".join(kept), encoding="utf-8")


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Render:
    return render(tmp_path_factory.mktemp("a folder with spaces") / "é", needs_state_across_days="no")


class TestSingle:
    def test_green(self, single: Render) -> None:
        assert single.code == 0, single.out
        assert single.gates() == dict.fromkeys(GATES, "PASS")

    def test_the_closing_block(self, single: Render) -> None:
        block = single.out[single.out.index(f"Hiring System stands in {single.project}") :]
        assert "(shape: single)" in block
        assert f"{len(GATES)} passed, 0 skipped" in block
        assert "cd hiring-system" in block
        assert "run analyze-cv" in block

    def test_a_lock_was_made_for_the_user_to_commit(self, single: Render) -> None:
        assert (single.project / "uv.lock").exists()

    def test_format_leaves_no_diff(self, single: Render) -> None:
        done = command(single, "ruff", "format", "--diff", ".")
        assert done.returncode == 0, done.stdout

    def test_run_from_any_folder(self, single: Render) -> None:
        for folder in (".", "docs", ".raw/workflows/analyze-cv"):
            done = command(single, "raw", "run", "analyze-cv", "--id", "x1", "--json", cwd=folder)
            assert done.returncode == 0, done.stderr
            outcome = json.loads(done.stdout)
            assert outcome["status"] == "success"
            assert outcome["result"]["id"] == "x1"
            assert 0 <= outcome["result"]["score"] <= 1

    def test_markup_is_text(self, single: Render) -> None:
        done = command(single, "raw", "run", "analyze-cv", "--cv-text", "[/b] <script> {{x}}", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["result"]["qualified"] is False

    def test_a_created_workflow_is_green_at_once(self, single: Render) -> None:
        made = command(single, "raw", "create", "word-count", "--intent", "Count the words, \"all\" of 'them' {x}")
        assert made.returncode == 0, made.stderr
        try:
            # What the gates types and test do of it, without the rest of the project.
            own = ".raw/workflows/word-count"
            for words in (["raw", "gates", *QUICK], ["mypy", own], ["pytest", "-q", own]):
                done = command(single, *words)
                assert done.returncode == 0, done.stdout + done.stderr
        finally:
            shutil.rmtree(single.project / ".raw/workflows/word-count")

    def test_what_pre_commit_checks_passes(self, single: Render) -> None:
        subprocess.run(["git", "init", "-q"], cwd=single.project, check=True)
        subprocess.run(["git", "add", "-A"], cwd=single.project, check=True)
        pre_commit = Path(sys.executable).with_name("pre-commit")
        done = command(single, str(pre_commit), "run", "--all-files")
        assert done.returncode == 0, done.stdout + done.stderr
        assert [line.split(".")[-1] for line in done.stdout.splitlines()] == ["Passed"] * 4, done.stdout

    def test_every_make_target(self, single: Render) -> None:
        """The last one, since it cleans; .ci/run does the same with the shape full."""
        done = command(single, sys.executable, str(gate0.ROOT / ".ci/make_targets.py"), ".")
        assert done.returncode == 0, done.stdout
        assert {line.split()[2] for line in done.stdout.splitlines()} >= {"setup", "gates", "test", "lint", "clean"}


def test_full(tmp_path: Path) -> None:
    """Its gates are what README's first command runs, and .ci/run with it; the tests of all of them take minutes."""
    done = render(tmp_path, gates="static")
    assert done.code == 0, done.out
    assert set(done.gates()) == FULL_GATES
    assert "(shape: full)" in done.out
    assert "    make demo\n" in done.out or "-m workflows.temporal demo\n" in done.out
    for line in (done.project / ".env").read_text().splitlines():
        assert "generate:" not in line


def test_temporal_is_green(tmp_path: Path) -> None:
    done = render(tmp_path, needs_webhooks="no")
    assert done.code == 0, done.out
    assert done.gates() == dict.fromkeys(PROCESS_GATES, "PASS")
    assert "(shape: temporal)" in done.out


def test_an_empty_house_is_green(tmp_path: Path) -> None:
    """The smallest; the largest is green, and is furnished, in the test of the tutorial."""
    done = render(tmp_path, example="none", needs_state_across_days="no")
    assert done.code == 0, done.out
    assert done.gates() == dict.fromkeys(GATES, "PASS")
    assert "raw run analyze --json" in done.out[done.out.index(f"My System stands in {done.project}") :]


def test_without_uv_pip_does_it(tmp_path: Path) -> None:
    """PATH holds no uv, and cookiecutter runs under a Python that has none beside it."""
    template = copy_template(tmp_path / "template")
    keep_gates(template, QUICK)
    bare = tmp_path / "bare"
    subprocess.run(["python3", "-m", "venv", bare], check=True)
    subprocess.run([bare / "bin/pip", "install", "-q", "cookiecutter>=2.7.1,<3"], check=True)
    folders = [folder for folder in os.environ["PATH"].split(":") if not (Path(folder) / "uv").exists()]
    env = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    words = [bare / "bin/cookiecutter", template, "--no-input", "-o", tmp_path, "needs_state_across_days=no"]
    done = subprocess.run(
        words, env=env | {"PATH": ":".join(folders)}, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(QUICK)} passed, 0 skipped" in done.stdout
    assert ".venv/bin/raw gates --all" in done.stdout
    assert not (tmp_path / "hiring-system/uv.lock").exists()


def test_without_a_network_the_static_gates_run(tmp_path: Path) -> None:
    env = EMPTY_INDEX | {"UV_CACHE_DIR": str(tmp_path / "cache")}
    done = render(tmp_path / "out", env=env)
    assert done.code == 0, done.out
    assert {gate for gate, status in done.gates().items() if status == "PASS"} == STATIC
    assert "FAIL" not in done.gates().values()
    assert "the environment could not be made" in done.out
    assert "uv sync" in done.out


def test_static_makes_no_environment(tmp_path: Path) -> None:
    done = render(tmp_path, gates="static")
    assert done.code == 0, done.out
    assert {gate for gate, status in done.gates().items() if status == "PASS"} == STATIC
    assert not (done.project / ".venv").exists()


def test_none_runs_nothing(tmp_path: Path) -> None:
    done = render(tmp_path, gates="none")
    assert done.code == 0, done.out
    assert "none were run, as asked" in done.out
    assert not (done.project / ".raw/builds").exists()


def test_a_python_that_is_not_here_is_told(tmp_path: Path) -> None:
    """The project still stands; what could not be checked, and why, is said."""
    env = {"UV_PYTHON_DOWNLOADS": "never", "UV_PYTHON": "3.99"}
    done = render(tmp_path, env=env)
    assert done.code == 0, done.out
    assert "3.99" in done.out
    assert "FAIL" not in done.gates().values()


def test_the_first_run_has_time_on_a_slow_machine(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    with (template / gate0.SLUG_DIR / ".raw/config.yaml").open("a") as config:
        config.write('      slow: {command: "sleep 2", timeout_seconds: 1, static: true}\n')
    done = render(tmp_path / "out", template=template, gates="static")
    assert done.gates()["slow"] == "PASS", done.out


def broken_template(folder: Path) -> Path:
    """Copy the template, with a workflow that does not parse."""
    copy_template(folder)
    (folder / gate0.SLUG_DIR / ".raw/workflows/analyze/run.py").write_text("def broken(:\n")
    return folder


def test_a_failing_gate_says_why_before_the_project_goes(tmp_path: Path) -> None:
    template = broken_template(tmp_path / "template")
    done = render(tmp_path / "out", template=template, gates="static")
    assert done.code != 0
    assert "Syntax error in run.py" in done.out
    assert "NOT GREEN" in done.out
    assert "--keep-project-on-failure" in done.out
    assert list((tmp_path / "out").iterdir()) == []
    kept = Path(next(line for line in done.out.splitlines() if line.strip().startswith("logs")).split()[1])
    try:
        assert "Syntax error" in "".join(path.read_text() for path in kept.glob("*/logs/validate.log"))
    finally:
        shutil.rmtree(kept)


def test_a_failing_project_can_be_kept(tmp_path: Path) -> None:
    template = broken_template(tmp_path / "template")
    done = render(tmp_path / "out", "--keep-project-on-failure", template=template, gates="static")
    assert done.code != 0
    assert done.gates()["validate"] == "FAIL"
    kept = Path(next(line for line in done.out.splitlines() if line.strip().startswith("logs")).split()[1])
    shutil.rmtree(kept)
