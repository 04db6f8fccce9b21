"""The gate is only worth something if it fails: mutants of the code, each in a copy of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from settings import ROOT
from workflows.temporal.tests.mutants import ENTER_DECISION, MORE, MUTANTS, PROCESS, Mutant
from workflows.temporal.tests.servers import TEMPORAL, needs_server
from workflows.temporal.validate import HISTORIES

pytestmark = pytest.mark.slow

Outcome = tuple[int, dict[str, Any]]


def copy_of_the_project(folder: Path) -> Path:
    """Copy what a mutant changes, and link the rest."""
    folder.mkdir(parents=True)
    shutil.copytree(
        ROOT / "workflows",
        folder / "workflows",
        ignore=lambda name, names: [one for one in names if one == "__pycache__" or _is_test(Path(name), one)],
    )
    for name in (
        "configuration",
        "db",
        "tools",
        "tracing",
        "raw_runtime",
        "settings.py",
        "logs.py",
        "pyproject.toml",
        ".raw",
    ):
        (folder / name).symlink_to(ROOT / name)
    return folder


def _is_test(folder: Path, name: str) -> bool:
    return folder.name == "tests" and name.startswith("test_")


def validate(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workflows.temporal.validate", *words]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, timeout=300, check=False)


def _try(mutant: Mutant, folder: Path) -> Outcome:
    project = copy_of_the_project(folder)
    path = project / mutant.path
    text = path.read_text()
    for old, new in mutant.changes.items():
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text)
    done = validate(project, "--json", "--timeout", "240")
    assert not done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def outcome_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Mapping[str, Mutant], str], Outcome]]:
    """Try all mutants of a kind once one is asked for, as many at a time as there are cores."""
    tried: dict[str, Future[Outcome]] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:

        def outcome_of(mutants: Mapping[str, Mutant], name: str) -> Outcome:
            if name not in tried:
                folder = tmp_path_factory.mktemp("mutants")
                for number, (one, mutant) in enumerate(mutants.items()):
                    tried[one] = pool.submit(_try, mutant, folder / str(number))
            return tried[name].result()

        yield outcome_of
        pool.shutdown(cancel_futures=True)


def check(mutant: Mutant, outcome: Outcome) -> None:
    code, document = outcome
    failed = [check for check in document["checks"] if not check["ok"]]
    if not mutant.words:
        assert (code, document["ok"], failed) == (0, True, [])
        return
    assert (code, document["ok"]) == (1, False)
    of_kind = [one for one in failed if one["kind"] == mutant.kind]
    said = ["\n".join((one["subject"], one["words"], *one["details"])) for one in of_kind]
    assert any(all(words in text for words in mutant.words) for text in said), failed


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant(name: str, outcome_of: Callable[[Mapping[str, Mutant], str], Outcome]) -> None:
    check(MUTANTS[name], outcome_of(MUTANTS, name))


@pytest.mark.slow
@pytest.mark.parametrize("name", MORE)
def test_one_more_mutant(name: str, outcome_of: Callable[[Mapping[str, Mutant], str], Outcome]) -> None:
    check(MORE[name], outcome_of(MORE, name))


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


def test_histories_that_are_missing_or_broken(tmp_path: Path) -> None:
    histories = shutil.copytree(HISTORIES, tmp_path / "histories")
    (histories / "hiring-no-show.json").unlink()
    (histories / "outbox-sweep.json").unlink()
    (histories / "broken.json").write_text('{"events": []}')
    done = validate(ROOT, "--histories", str(histories))
    assert done.returncode == 1
    assert "FAIL  histories   HiringProcess: there is none that ends no_show" in done.stdout
    assert "FAIL  histories   OutboxSweep: there is no recorded history of it" in done.stdout
    assert "FAIL  replay      broken.json: broken.json is no history as " in done.stdout
    assert "make histories" in done.stdout


def test_wrong_usage(tmp_path: Path) -> None:
    for words in (["--histories", str(tmp_path / "none")], ["--timeout", "0"], ["--nonsense"]):
        done = validate(ROOT, *words)
        assert done.returncode == 2
        assert "error: " in done.stderr
        assert done.stdout == ""


def test_settings_of_env_do_not_matter_and_a_wrong_executor_is_told() -> None:
    env = {**os.environ, "DATABASE_URL": "nonsense", "TEMPORAL_CODEC_KEYS": "nonsense"}
    command = [sys.executable, "-m", "workflows.temporal.validate"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    env = {**os.environ, "RAW_EXECUTOR": "nonsense"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 2
    assert "RAW_EXECUTOR" in done.stderr


@pytest.mark.server
@needs_server
def test_the_temporal_command_runs_it(tmp_path: Path) -> None:
    """The literal command of the gate, which finds the executable by its name."""
    assert TEMPORAL is not None
    script = tmp_path / "temporal-workflow-validate"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m workflows.temporal.validate "$@"\n')
    script.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    command = [TEMPORAL, "workflow", "validate"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "checks passed in" in done.stdout
    command += ["--histories", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode != 0
    assert "FAIL" in done.stdout


@pytest.mark.parametrize(
    ("version", "is_right"),
    [
        ("0.13.2", False),
        ("1.6.0", False),
        ("1.7.2", False),
        ("1.8.0", True),
        ("1.9.1", True),
        ("1.12.0", True),
        ("2.0.0", True),
    ],
)
def test_the_gate_uses_the_temporal_command_where_its_exit_code_is_right(
    version: str, is_right: bool, tmp_path: Path
) -> None:
    text = (ROOT / ".raw/config.yaml").read_text()
    found = re.search(r"'runs:(temporal --version .*?)'", text)
    assert found
    temporal = tmp_path / "temporal"
    temporal.write_text(f"#!/bin/sh\necho 'temporal version {version} (Server 1.32.0, UI 2.54.1)'\n")
    temporal.chmod(0o755)
    env = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    assert (
        subprocess.run(["/bin/sh", "-c", found[1]], env=env, capture_output=True, check=False).returncode == 0
    ) is is_right
