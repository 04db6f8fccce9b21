"""Gate 0 finds what it says it finds, each on a small template made for it, and finds nothing in ours."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import gate0
import pytest

LT = "<"  # so that this file holds no delimiter itself


def template(tmp_path: Path, name: str, content: str | bytes) -> Path:
    """Make a template of one file in a git checkout."""
    root = tmp_path / "template"
    (root / gate0.SLUG_DIR).mkdir(parents=True)
    answers = json.loads((gate0.ROOT / "cookiecutter.json").read_text())
    (root / "cookiecutter.json").write_text(json.dumps(answers))
    file = root / name if name.startswith("hooks/") else root / gate0.SLUG_DIR / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


def test_our_template_is_clean() -> None:
    assert gate0.findings() == []


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.txt", f"1 {LT}< 4 >> 2", "would be evaluated"),
        ("a.txt", f"cat {LT}<EOF\nx\nEOF\n", "stray delimiter"),
        ("a.yaml", f"a: {{{LT}<: *b}}\n", "stray delimiter"),
        ("a.txt", f"x {LT}# gone #> y", "vanishes"),
        ("a.txt", f'"{LT}%s>"', "stray delimiter"),
        ("a.txt", f"{LT}< secret >>", "would be evaluated"),
        ("a.txt", f"{LT}< cookiecutter.projct_name >>", "no question"),
        ("a.txt", f"{LT}% if cookiecutter.project_name %>\nno end\n", "stray delimiter"),
        ("a.txt", "a\r\nb\r\n", "carriage return"),
        ("a.txt", b"caf\xe9 au lait\n", "not UTF-8"),
        ("a.py", f"x = 1 {LT}< 4\n", "in Python"),
        ("a.py", f"name = '{LT}< cookiecutter.project_name >>'\n", "in Python"),
        ("a.py", "def f(:\n", "not valid Python"),
        ("hooks/pre_gen_project.py", f"x = '{LT}< cookiecutter.project_name >>'\n", "in Python"),
        ("a.raw", f"{LT}< cookiecutter.project_name >>\n", "binary"),
        (f"{LT}% if x %>a{LT}% endif %>.txt", "x", "path holds"),
        ("many.txt", f"{LT}% if cookiecutter.gates %>\n{LT}% endif %>\n", "conditions"),
        ("template-parts.toml", '[[parts]]\nname = "a"\narchitectures = []\npaths = ["gone"]\n', "not there"),
    ],
)
def test_each_fault_is_found(tmp_path: Path, name: str, content: str | bytes, word: str) -> None:
    found = gate0.findings(template(tmp_path, name, content))
    assert any(word in line for line in found), found


@pytest.mark.parametrize(
    "content",
    [
        "x >> y >>> z {{ .Values.image }} {% if %} ${{ github.sha }} <> <@U1>\n",
        f"{LT}< '{LT}<' >>: *base\n",
        f"{LT}% raw -%> {LT}% not ours %> {LT}% endraw -%>\n",
        f"{LT}#! a comment that is meant #>\n",
        f"{LT}< cookiecutter.__architecture >>\n",
    ],
)
def test_what_is_meant_or_harmless_passes(tmp_path: Path, content: str) -> None:
    assert gate0.findings(template(tmp_path, "a.txt", content)) == []


def test_a_path_outside_git_is_not_read(tmp_path: Path) -> None:
    root = template(tmp_path, "a.txt", "fine\n")
    (root / ".gitignore").write_text("ignored.txt\n")
    (root / gate0.SLUG_DIR / "ignored.txt").write_text(f"{LT}< broken")
    assert gate0.findings(root) == []
    shutil.move(root / gate0.SLUG_DIR / "ignored.txt", root / gate0.SLUG_DIR / "seen.txt")
    assert len(gate0.findings(root)) == 1
