"""The command's frame: help, version, wrong words, no project, a closed pipe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cli_support import RUNTIME_HOME, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_help_names_every_command(project: Project) -> None:
    done = project.raw("--help")
    assert done.returncode == 0
    for name in ("run", "show", "doctor", "validate", "gates", "create", "init"):
        assert f"\n  {name} " in done.stdout
    assert done.stderr == ""


def test_without_a_command_help_is_printed_and_the_code_is_2(project: Project) -> None:
    done = project.raw()
    assert done.returncode == 2
    assert "usage: raw COMMAND" in done.stdout


@pytest.mark.parametrize("command", ["run", "show", "create", "init"])
def test_each_command_has_help(project: Project, command: str) -> None:
    done = project.raw(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"usage: raw {command}" in done.stdout


def test_version(project: Project) -> None:
    done = project.raw("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("raw 0.")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("rnu", "raw: Unknown command 'rnu'. Did you mean run? See: raw --help"),
        ("--vers", "raw: Unknown option '--vers'. See: raw --help"),
    ],
)
def test_an_unknown_word_is_refused(project: Project, word: str, message: str) -> None:
    done = project.raw(word)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (2, "", message)


def test_an_unknown_option_names_the_nearest(project: Project) -> None:
    done = project.raw("show", "--log")
    assert done.returncode == 2
    assert done.stderr == "raw: Unknown option --log. Did you mean --logs? See: raw show --help\n"


def test_outside_a_project_the_remedy_is_named(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    done = project.raw("show", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("raw: No .raw folder in ")
    assert "raw init" in done.stderr


def test_an_ascii_terminal_gets_question_marks(project: Project) -> None:
    folder = project.add("greet")
    (folder / "config.yaml").write_text("id: greet\nname: Grüße\ndescription: Größe\n", encoding="utf-8")
    done = project.raw("show", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "Gr??e" in done.stdout


def test_a_reader_that_goes_away_causes_no_traceback(project: Project) -> None:
    for number in range(400):
        project.add(f"workflow-with-quite-a-long-name-so-that-the-pipe-fills-{number:04}-{'x' * 100}")
    with project.start("show") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


@pytest.mark.parametrize("command", ["--help", "show", "run"])
def test_the_parent_loads_no_heavy_module(project: Project, command: str) -> None:
    project.add("greet")
    code = (
        "import sys, raw_runtime.cli as c\n"
        f"c.main({[command, 'greet'] if command == 'run' else [command]})\n"
        "heavy = {'pydantic', 'rich', 'asyncio', 'argparse', 'importlib.metadata', 'tomllib'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    env = project.env(PYTHONPATH=str(RUNTIME_HOME))
    done = subprocess.run([sys.executable, "-c", code], cwd=project.root, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
