"""Answers of every kind, rendered: all pairs of them, hostile text, folders of any name, each Python that is here."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from cookiecutter.main import cookiecutter
from gate0 import ROOT
from pytest_cookies.plugin import Cookies
from support import DEFAULTS, STRUCTURES, Render, files, golden_files, render

HOSTILE = {
    "project_name": [
        "Hiring System",
        'Say "hi" \\ there',
        "$(touch pwned)",
        "Система найма 2",
        "x" * 80,
    ],
    "description": [
        "A durable system of RAW workflows",
        "it's a 'quoted' \\n {{ x }} ${y} `z` {% if %} %(s)s",
        "'; touch pwned; ' # no comment: [a, {b: c}] &d *e !!f",
        '""" + __import__("os").system("touch pwned") + r"""',
        "日本語 😀 émoji \u202eright to left\u202c ]]> </title><script>",
    ],
    "author": ["Platform Team", "O'Brien", "; touch pwned", '--- @a: {b} "c" \\', "Ünï <u@example.com>" * 6],
}
FACTORS: dict[str, list[str]] = {
    "needs_state_across_days": ["yes", "no"],
    "needs_webhooks": ["yes", "no"],
    "scheduled_reports": ["yes", "no"],
    "python_version": ["3.11", "3.12", "3.13", "3.14"],
    "gates": ["none", "static"],
    **{question: texts[1:4] for question, texts in HOSTILE.items()},
    "folder": ["with two  spaces", "größe-日本", "$HOME; 'quoted' \"twice\" & [x]"],
}


def all_pairs(factors: dict[str, list[str]]) -> list[dict[str, str]]:
    """Return few rows, in which any two values of two factors stand together at least once; the same at each call."""
    pairs = {
        frozenset([(a, x), (b, y)])
        for a, b in itertools.combinations(factors, 2)
        for x, y in itertools.product(factors[a], factors[b])
    }
    rows = []
    while pairs:
        row = dict(min(pairs, key=sorted))
        for name in sorted(factors, key=lambda name: -len(factors[name])):
            # The value that makes the most new pairs with what the row has; of equals the first, which costs least.
            row.setdefault(
                name,
                max(
                    factors[name],
                    key=lambda value: sum(frozenset([(name, value), other]) in pairs for other in row.items()),
                ),
            )
        pairs -= {frozenset(two) for two in itertools.combinations(row.items(), 2)}
        rows.append({name: row[name] for name in factors})
    return rows


ROWS = all_pairs(FACTORS)


def structure(answers: dict[str, str]) -> str:
    """Return the name in STRUCTURES of what these answers ask for."""
    asked = {key: answers.get(key, "yes") for key in list(FACTORS)[:3]}
    (name,) = (name for name, given in STRUCTURES.items() if {**dict.fromkeys(asked, "yes"), **given} == asked)
    return name


def parsed(project: Path) -> dict[str, Any]:
    """Return each data file of a render as its format reads it; the chart's templates are Helm's own."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, Any] = {}
    for name in files(project):
        text = (project / name).read_text() if name.endswith((".toml", ".yaml", ".yml", ".json")) else ""
        if not text or "/templates/" in name or "/tests/" in name or "/mocks/" in name:
            continue
        if name.endswith(".toml"):
            found[name] = tomllib.loads(text)
        else:
            found[name] = json.loads(text) if name.endswith(".json") else list(yaml.load_all(text, loader))
    return found


def check(project: Path, answers: dict[str, str]) -> None:
    """Each answer is where it belongs, as the text that was given, and nothing but the text."""
    answers = {**DEFAULTS, **answers}
    data = parsed(project)
    pyproject = data["pyproject.toml"]
    assert pyproject["project"]["description"] == answers["description"]
    assert pyproject["project"]["authors"] == [{"name": answers["author"]}]
    assert pyproject["project"]["requires-python"] == f">={answers['python_version']}"
    assert pyproject["tool"]["mypy"]["python_version"] == answers["python_version"]
    assert data[".github/workflows/ci.yml"][0]["env"]["UV_PYTHON"] == answers["python_version"]
    readme = (project / "README.md").read_text()
    assert readme.startswith(f"# {answers['project_name']}\n\n{answers['description']}\n")
    charts = [name for name in data if name.endswith("/Chart.yaml")]
    assert [data[name][0]["description"] for name in charts] == [answers["description"]] * len(charts)
    assert {key: data[".cookiecutter.json"]["cookiecutter"][key] for key in HOSTILE} == {
        key: answers[key] for key in HOSTILE
    }
    assert "pwned" not in {path.name for place in (Path.cwd(), project, project.parent) for path in place.iterdir()}


def test_all_pairs_are_pairs_of_all() -> None:
    for (a, x), (b, y) in itertools.product(
        *[[(n, v) for n, values in FACTORS.items() for v in values]] * 2,
    ):
        assert a == b or any(row[a] == x and row[b] == y for row in ROWS)
    assert len(ROWS) < 20


@pytest.mark.parametrize("row", ROWS, ids=[f"pairs{number}" for number in range(len(ROWS))])
def test_all_pairs(row: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """In process, since a bake without gates is then a second; into a folder of the given name."""
    answers = {key: value for key, value in row.items() if key != "folder"} | {"project_slug": "hiring-system"}
    config = tmp_path / "config.yaml"
    config.write_text(f"replay_dir: {json.dumps(str(tmp_path / 'replay'))}\n")
    made = cookiecutter(
        str(ROOT),
        no_input=True,
        output_dir=str(tmp_path / row["folder"]),
        extra_context=answers,
        config_file=str(config),
    )
    project = Path(made)
    assert files(project) == golden_files(structure(row))
    check(project, answers)
    done = Render(0, capfd.readouterr().out, tmp_path / row["folder"])
    if row["gates"] == "none":
        assert not (project / ".raw/builds").exists()
    else:
        assert {"validate", "compile"} <= {gate for gate, state in done.gates().items() if state == "PASS"}
        assert "FAIL" not in done.gates().values()
    assert f"{row['project_name']} stands in {project}" in done.out


@pytest.mark.parametrize(("number", "slug"), [(0, "import"), (4, "x" * 40)])
def test_odd_names_and_the_longest_answers(cookies: Cookies, number: int, slug: str) -> None:
    answers = {question: texts[number] for question, texts in HOSTILE.items()} | {"project_slug": slug}
    result = cookies.bake(extra_context={**answers, "gates": "none"})
    assert result.exception is None, result.exception
    assert result.project_path.name == slug
    check(result.project_path, answers)


def pythons() -> dict[str, Path]:
    """Return an interpreter for each Python that a project may ask for and that is here, on PATH, of uv or of pyenv."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = {}
    for minor in range(11, 15):
        words = [str(uv()), "python", "find", "--no-project", "--no-python-downloads", f"3.{minor}"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        candidates = [Path(done.stdout.strip())] if done.returncode == 0 else []
        candidates += sorted(root.glob(f"versions/3.{minor}.*/bin/python"))
        if candidates:
            found[f"3.{minor}"] = candidates[0]
    return found


def uv() -> Path:
    """Return the uv that the template's own environment has."""
    return Path(sys.executable).with_name("uv")


@pytest.mark.parametrize("version", PYTHONS := pythons())
def test_cookiecutter_runs_under_each_python_that_is_here(version: str, tmp_path: Path) -> None:
    """Hooks and static gates run under the Python that cookiecutter has; the project asks for that one."""
    subprocess.run([uv(), "venv", "-q", "--python", PYTHONS[version], tmp_path / "bare"], check=True)
    python = tmp_path / "bare/bin/python"
    subprocess.run([uv(), "pip", "install", "-q", "--python", python, "cookiecutter>=2.7.1,<3"], check=True)
    answers = {"python_version": version, "gates": "static", "needs_state_across_days": "no"}
    done = render(tmp_path / "out", python=python, **answers)
    assert done.code == 0, done.out
    assert {gate for gate, state in done.gates().items() if state == "PASS"} == {"validate", "compile"}
    assert files(done.project) == golden_files("single")
    check(done.project, answers)
