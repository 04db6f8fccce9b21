"""What the template's expressions come to, in each shape: a change of the template is a diff of real output.

golden/<shape>/ has each file that holds an expression, as it is rendered from the default answers, with .txt after its
name, so that no tool takes it for what it is called. `pytest tests/template --update-golden` writes it anew.
"""

from __future__ import annotations

import difflib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import gate0
import pytest
from pytest_cookies.plugin import Cookies
from support import GOLDEN, STRUCTURES, contents, copy_template

FURNISHED = ("single", "temporal", "full")
SHAPES = (*FURNISHED, *(f"{shape}-empty" for shape in FURNISHED))


def with_expressions(slug: str) -> set[str]:
    """Return the files that hold an expression, by the names that they have in a render."""
    template = gate0.ROOT / gate0.SLUG_DIR
    texts = {path: path.read_text(errors="replace") for path in gate0.template_files() if template in path.parents}
    return {
        str(path.relative_to(template)).replace(gate0.SLUG_DIR, slug)
        for path, text in texts.items()
        if any(start in text for start in gate0.STARTS)
    }


def rendered(project: Path) -> dict[str, str]:
    """Return the text of each file of a render that an expression had a part in."""
    names = sorted(
        with_expressions(json.loads((project / ".cookiecutter.json").read_text())["cookiecutter"]["project_slug"])
    )
    return {name: (project / name).read_text() for name in names if (project / name).exists()}


def golden(shape: str) -> dict[str, str]:
    """Return what golden/<shape>/ has, by the names of a render."""
    folder = GOLDEN / shape
    return {
        str(path.relative_to(folder)).removesuffix(".txt"): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write_golden(shape: str, texts: dict[str, str]) -> None:
    """Write golden/<shape>/ anew."""
    shutil.rmtree(GOLDEN / shape, ignore_errors=True)
    for name, text in texts.items():
        path = GOLDEN / shape / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def changes(before: dict[str, str], after: dict[str, str]) -> dict[str, list[str]]:
    """Return the lines that went and came, by file; files that are alike are left out."""
    found = {}
    for name in sorted({*before, *after}):
        lines = difflib.unified_diff(
            before.get(name, "").splitlines(), after.get(name, "").splitlines(), lineterm="", n=0
        )
        if changed := [line for line in lines if not line.startswith(("---", "+++", "@@"))]:
            found[name] = changed
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_each_expression_comes_to_what_golden_shows(
    baked: Callable[[str], Path], shape: str, request: pytest.FixtureRequest
) -> None:
    found = rendered(baked(shape))
    if request.config.getoption("--update-golden"):
        write_golden(shape, found)
    assert changes(golden(shape), found) == {}
    assert set(golden(shape)) == set(found)


def test_golden_holds_no_secret_and_no_path_of_a_machine(baked: Callable[[str], Path]) -> None:
    """A secret differs from render to render, a path from machine to machine: then the tests beside this fail too."""
    texts = {f"{shape}/{name}": text for shape in SHAPES for name, text in golden(shape).items()}
    assert len(texts) > 100
    assert [name for name in texts if name.endswith(("/.env", "/.cookiecutter.json"))] == []
    places = (str(gate0.ROOT), str(baked("full")), str(baked("full").parent))
    assert [(name, place) for name, text in texts.items() for place in places if place in text] == []
    # As configuration/env_file.py makes them.
    secret = re.compile(r"whsec_[\w+/=-]{16,}|(?<![\w./-])(?=[\w-]*[0-9])(?=[\w-]*[A-Z])[\w-]{43}(?![\w./-])")
    made = (baked("full") / ".env").read_text()
    assert len(secret.findall(made)) >= 2
    assert [(name, secret.findall(text)) for name, text in texts.items() if secret.search(text)] == []


def test_a_changed_port_shows_as_one_line_and_nowhere_else(
    cookies: Cookies, baked: Callable[[str], Path], tmp_path: Path
) -> None:
    template = copy_template(tmp_path / "template")
    compose = template / gate0.SLUG_DIR / "docker-compose.yml"
    old, new = "127.0.0.1:${API_PORT:-8000}:8000", "127.0.0.1:${API_PORT:-8001}:8000"
    assert compose.read_text().count(old) == 1
    compose.write_text(compose.read_text().replace(old, new))
    shown = {}
    for shape in FURNISHED:
        result = cookies.bake(template=str(template), extra_context={**STRUCTURES[shape], "gates": "none"})
        assert result.exception is None, result.exception
        shown[shape] = changes(golden(shape), rendered(result.project_path))
        before, after = contents(baked(shape)), contents(result.project_path)
        assert {name for name in {*before, *after} if before.get(name) != after.get(name)} == set(shown[shape])
    line = f'    ports: ["{old}"]'
    assert shown == {
        "single": {},
        "temporal": {},
        "full": {"docker-compose.yml": [f"-{line}", f"+{line.replace(old, new)}"]},
    }
