"""The exact files of each render, and nothing in them that only the template knows."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import gate0
import pytest
from pytest_cookies.plugin import Cookies
from support import copy_template, load_project_test

GOLDEN = Path(__file__).parent / "golden"
SHAPES = {
    "single": {"needs_state_across_days": "no"},
    "single-no-reports": {"needs_state_across_days": "no", "scheduled_reports": "no"},
    "temporal": {"needs_webhooks": "no"},
    "full": {},
}


def files(project: Path) -> list[str]:
    """Return every file of a render that no gate and no environment made."""
    command = ["find", ".", "-type", "f", "-not", "-path", "*/__pycache__/*"]
    listed = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout.split("\n")
    return sorted(name.removeprefix("./") for name in listed if name)


@pytest.mark.parametrize("shape", SHAPES)
def test_exact_files(cookies: Cookies, shape: str, request: pytest.FixtureRequest) -> None:
    """Compare with golden/<shape>.txt; `pytest tests/template/test_files.py --update-golden` writes it anew."""
    result = cookies.bake(extra_context={**SHAPES[shape], "gates": "none"})
    assert result.exception is None
    found = "\n".join(files(result.project_path)) + "\n"
    golden = GOLDEN / f"{shape}.txt"
    if request.config.getoption("--update-golden"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found)
    assert found == golden.read_text()


def test_every_file_of_the_template_is_rendered(cookies: Cookies) -> None:
    """What git has is what users get: nothing is hidden by an ignore rule, nothing is left behind."""
    result = cookies.bake(extra_context={"gates": "none"})
    parts = tomllib.loads((gate0.ROOT / gate0.SLUG_DIR / "template-parts.toml").read_text())["parts"]
    assert parts
    tracked = {
        str(path.relative_to(gate0.ROOT / gate0.SLUG_DIR)).replace(gate0.SLUG_DIR, "hiring-system")
        for path in gate0.template_files()
        if path.relative_to(gate0.ROOT).parts[0] != "hooks"
    }
    assert set(files(result.project_path)) == tracked - {"template-parts.toml"} | {".env", ".cookiecutter.json"}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_off_leaves_no_trace(cookies: Cookies, shape: str) -> None:
    result = cookies.bake(extra_context={**SHAPES[shape], "gates": "none"})
    text = "\n".join(
        (result.project_path / name).read_text(errors="replace")
        for name in files(result.project_path)
        # The first lists the libraries that a step must not use, the second is where the template is named.
        if not name.startswith(("raw_runtime/validation/", ".cookiecutter.json"))
    )
    words = {"cookiecutter", "template-parts"}
    if "reports" in shape:
        words |= {"pygal", "generate-report"}
    if shape != "full":
        words |= {"fastapi", "WEBHOOK_SECRETS", "uvicorn"}
    if "single" in shape:
        words |= {"sqlalchemy", "temporalio", "DATABASE_URL"}
    assert {word for word in words if word in text} == set()
    assert load_project_test("test_links").broken_links(result.project_path) == []
    assert named_and_not_there(result.project_path) == set()


def named_and_not_there(project: Path) -> set[str]:
    """Return `make` targets named in documentation and CI, and paths named in AGENTS.md, that are not there."""
    texts = [path.read_text() for path in project.rglob("*.md")]
    texts += [path.read_text() for path in (project / ".github").rglob("*.yml")]
    targets = set(re.findall(r"(?:`|run: |&& |^)make ([a-z-]+)", "\n".join(texts), flags=re.MULTILINE))
    assert {"setup", "test"} <= targets
    made = set(re.findall(r"^([a-z-]+):", (project / "Makefile").read_text(), flags=re.MULTILINE))
    paths = set(re.findall(r"`([a-z_.]+/[a-z_./-]*)`", (project / "AGENTS.md").read_text()))
    assert len(paths) > 3
    inside = (project / ".raw/workflows/analyze", project / "workflows/temporal", project)
    made |= {path for path in paths if any((folder / path).exists() for folder in inside)}
    return (targets | paths) - made - {"results/result.json", ".venv/bin/"}


@pytest.mark.parametrize(
    ("answers"),
    [
        {
            "project_name": 'Say "hi" \\ there',
            "description": "it's a 'quoted' \\n {{ x }} ${y} `z`",
            "author": "O'Brien",
        },
        {"project_name": "Система найма", "description": "日本語 😀 émoji", "author": "Ünï"},
        {"project_name": "$(touch pwned)", "description": "'; touch pwned; '", "author": "; touch pwned"},
        {"project_slug": "class", "project_name": "import os", "description": "# not a comment", "author": "---"},
        {"description": '""" + __import__("os").system("touch pwned") + r"""'},
    ],
)
def test_hostile_answers_end_as_text(cookies: Cookies, answers: dict[str, str]) -> None:
    result = cookies.bake(extra_context={**answers, "gates": "none"})
    assert result.exception is None, result.exception
    project = tomllib.loads((result.project_path / "pyproject.toml").read_text())["project"]
    assert project["description"] == answers.get("description", project["description"])
    assert project["authors"] == [{"name": answers.get("author", "Platform Team")}]
    readme = (result.project_path / "README.md").read_text()
    assert readme.startswith(f"# {answers.get('project_name', 'Hiring System')}\n")
    assert "pwned" not in {path.name for path in (*Path.cwd().iterdir(), *result.project_path.iterdir())}


def test_rendering_over_an_older_render_is_idempotent(cookies: Cookies, tmp_path: Path) -> None:
    """With -f: .env stays, what is switched off now goes, the rest is the same."""
    from cookiecutter.main import cookiecutter

    template = str(copy_template(tmp_path / "template"))
    result = cookies.bake(template=template, extra_context={"gates": "none", "needs_state_across_days": "no"})
    env = result.project_path / ".env"
    env.write_text(env.read_text() + "MINE=1\n")
    before = files(result.project_path)
    again = {"gates": "none", "needs_state_across_days": "no"}
    folder = str(result.project_path.parent)
    cookiecutter(template, no_input=True, output_dir=folder, overwrite_if_exists=True, extra_context=again)
    assert files(result.project_path) == before
    assert env.read_text().endswith("MINE=1\n")
    again["scheduled_reports"] = "no"
    cookiecutter(template, no_input=True, output_dir=folder, overwrite_if_exists=True, extra_context=again)
    assert files(result.project_path) == (GOLDEN / "single-no-reports.txt").read_text().split()
