"""The nightly script takes what its workflow gives it, and lifts every upper bound where it says so."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import gate0
import yaml
from packaging.requirements import Requirement
from support import render_file

SCRIPT = gate0.ROOT / ".ci/nightly"


def test_the_workflow_names_what_the_script_knows() -> None:
    workflow = yaml.safe_load((gate0.ROOT / ".github/workflows/nightly.yml").read_text())
    matrix = workflow["jobs"]["render"]["strategy"]["matrix"]
    text = SCRIPT.read_text()
    for key, variable in (("kind", "kinds"), ("shape", "shapes")):
        default = re.search(rf"\|\| {variable}=\((.*)\)", text)
        assert default is not None
        assert matrix[key] == default[1].split()


def test_a_wrong_word_is_refused_before_anything_is_rendered() -> None:
    done = subprocess.run(["bash", SCRIPT, "newst"], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    shapes = "(single, temporal, full, each also with -empty, -no-reports or both, in this order)"
    words = f"newst is neither a kind (released, lowest, newest) nor a shape {shapes}.\n"
    assert done.stderr == words


def test_newest_means_without_an_upper_bound(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(render_file(gate0.ROOT / gate0.SLUG_DIR / "pyproject.toml"))
    quoted = re.compile(r'^ *"([a-z0-9-]+(?:\[[a-z,]+\])?[<>=][^"]*)"', flags=re.MULTILINE)
    before = [Requirement(text) for text in quoted.findall(file.read_text())]
    assert len(before) > 30
    command = re.search(r"sed -i -E '(.+)' pyproject.toml", SCRIPT.read_text())
    assert command is not None
    subprocess.run(["sed", "-i", "-E", command[1], file], check=True)
    after = [Requirement(text) for text in quoted.findall(file.read_text())]
    assert [requirement.name for requirement in after] == [requirement.name for requirement in before]
    assert {specifier.operator for requirement in after for specifier in requirement.specifier} == {">="}
    assert 'requires-python = ">=3.11"' in file.read_text()
