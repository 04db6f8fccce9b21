"""Answers of every kind, rendered: all pairs of them, hostile text, folders of any name, each Python that is here."""

from __future__ import annotations

import itertools
import json
import os
import random
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
from support import DEFAULTS, STRUCTURES, Render, files, golden_files, render, slug_of

UV = Path(sys.executable).with_name("uv")
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
    "example": ["hiring", "none"],
    "needs_state_across_days": ["yes", "no"],
    "needs_webhooks": ["yes", "no"],
    "scheduled_reports": ["yes", "no"],
    "python_version": ["3.11", "3.12", "3.13", "3.14"],
    "gates": ["none", "static"],
    **{question: texts[1:3] for question, texts in HOSTILE.items()},
    "folder": ["größe und  日本", "$HOME; 'quoted' \"twice\" & [x]"],
}


def all_pairs(factors: dict[str, list[str]], seed: int) -> list[dict[str, str]]:
    """Return few rows, in which any two values of two factors stand together at least once; the same for a seed."""
    chance = random.Random(seed)
    pairs = {
        frozenset([(a, x), (b, y)])
        for a, b in itertools.combinations(factors, 2)
        for x, y in itertools.product(factors[a], factors[b])
    }
    rows = []
    while pairs:
        row = dict(chance.choice(sorted(sorted(pair) for pair in pairs)))
        for name in chance.sample([name for name in factors if name not in row], len(factors) - len(row)):
            # How many new pairs each value makes with what the row has; of equals the first, which costs least.
            gains = [sum(frozenset([(name, x), given]) in pairs for given in row.items()) for x in factors[name]]
            row[name] = factors[name][gains.index(max(gains))]
        pairs -= {frozenset(two) for two in itertools.combinations(row.items(), 2)}
        rows.append({name: row[name] for name in factors})
    return rows


# The cheapest of some: a row with gates takes three times as long as one without.
ROWS = min(
    (all_pairs(FACTORS, seed) for seed in range(60)),
    key=lambda rows: len(rows) + 2 * sum(row["gates"] != "none" for row in rows),
)


def structure(answers: dict[str, str]) -> str:
    """Return the name in STRUCTURES of what these answers ask for."""
    asked = {key: answers[key] for key in list(FACTORS)[:4]}
    (name,) = (
        name for name, given in STRUCTURES.items() if {key: {**DEFAULTS, **given}[key] for key in asked} == asked
    )
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
    answers = {key: value for key, value in row.items() if key != "folder"}
    answers["project_slug"] = slug_of(structure(row))
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


@pytest.mark.parametrize(("number", "slug"), [(0, "import"), (3, "a"), (4, "x" * 40)])
def test_odd_names_and_the_longest_answers(cookies: Cookies, number: int, slug: str) -> None:
    answers = {question: texts[number] for question, texts in HOSTILE.items()} | {"project_slug": slug}
    result = cookies.bake(extra_context={**answers, "gates": "none"})
    assert result.exception is None, result.exception
    assert result.project_path.name == slug
    check(result.project_path, answers)


def pythons() -> dict[str, Path]:
    """Return each Python that a project may ask for and that is here, by uv or of pyenv; ours only if it is alone."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    ours = f"3.{sys.version_info.minor}"
    found = {}
    for version in sorted({f"3.{minor}" for minor in range(11, 15)} - {ours}):
        words = [str(UV), "python", "find", "--no-project", "--no-python-downloads", version]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        candidates = [Path(done.stdout.strip())] if done.returncode == 0 else []
        candidates += sorted(root.glob(f"versions/{version}.*/bin/python"))
        if candidates:
            found[version] = candidates[0]
    return found or {ours: Path(sys.executable)}


@pytest.mark.parametrize("version", PYTHONS := pythons())
def test_cookiecutter_runs_under_each_python_that_is_here(version: str, tmp_path: Path) -> None:
    """Hooks and static gates run under the Python that cookiecutter has; the project asks for that one."""
    subprocess.run([UV, "venv", "-q", "--python", PYTHONS[version], tmp_path / "bare"], check=True)
    python = tmp_path / "bare/bin/python"
    subprocess.run([UV, "pip", "install", "-q", "--python", python, "cookiecutter>=2.7.1,<3"], check=True)
    answers = {"python_version": version, "gates": "static", "needs_state_across_days": "no"}
    done = render(tmp_path / "out", python=python, **answers)
    assert done.code == 0, done.out
    assert {gate for gate, state in done.gates().items() if state == "PASS"} == {"validate", "compile"}
    assert files(done.project) == golden_files("single")
    check(done.project, answers)
