"""What CI systems read, of the template and of each rendered shape: valid, pinned, clean by zizmor at its strictest."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gate0
import pytest
import yaml
from support import render_file

BIN = Path(sys.executable).parent
TEMPLATE = gate0.ROOT / gate0.SLUG_DIR
SHAPES = {
    "single": {"needs_state_across_days": "no"},
    "single-no-reports": {"needs_state_across_days": "no", "scheduled_reports": "no"},
    "temporal": {"needs_webhooks": "no", "python_version": "3.14"},
    "full": {},
}
USES = re.compile(r"uses: (?P<action>[\w./-]+)@(?P<commit>[0-9a-f]{40}) # (?P<version>v\d+\.\d+\.\d+)")


@pytest.fixture(params=["the template's own", *SHAPES])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a folder with .github as it would be in a repository."""
    if request.param not in SHAPES:
        shutil.copytree(gate0.ROOT / ".github", tmp_path / ".github")
        return tmp_path
    for source in (TEMPLATE / ".github").rglob("*.yml"):
        target = tmp_path / source.relative_to(TEMPLATE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(render_file(source, **SHAPES[request.param]))
    return tmp_path


def findings(project: Path) -> Iterator[str]:
    """Yield what zizmor and check-jsonschema have to say."""
    workflows = sorted((project / ".github/workflows").glob("*.yml"))
    assert workflows
    done = run(BIN / "zizmor", "--offline", "--persona=pedantic", "--no-progress", project / ".github")
    if done.returncode:
        yield done.stdout + done.stderr
    for schema, files in (("github-workflows", workflows), ("dependabot", [project / ".github/dependabot.yml"])):
        done = run(BIN / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)
        if done.returncode:
            yield done.stdout + done.stderr


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def test_no_finding(project: Path) -> None:
    assert list(findings(project)) == []


def test_every_action_is_pinned_and_has_few_rights(project: Path) -> None:
    for file in (project / ".github/workflows").glob("*.yml"):
        text = file.read_text()
        assert len(USES.findall(text)) == text.count("uses: "), file.name
        assert text.count("persist-credentials: false") == text.count("actions/checkout@")
        workflow = yaml.safe_load(text)
        assert workflow["permissions"] == {}, "rights are given to jobs"
        for job in workflow["jobs"].values():
            assert job["timeout-minutes"] <= 90
            assert job["permissions"] in ({"contents": "read"}, {"contents": "write"})
            assert (job["permissions"] == {"contents": "write"}) == (file.name == "release.yml")


def test_what_is_ignored_is_explained(project: Path) -> None:
    for file in (project / ".github").rglob("*.yml"):
        lines = file.read_text().splitlines()
        for number, line in enumerate(lines):
            assert "zizmor: ignore" not in line or lines[number - 1].lstrip().startswith("# "), f"{file.name}: {line}"


def test_one_version_of_each_action_everywhere() -> None:
    files = [*(gate0.ROOT / ".github").rglob("*.yml"), *(TEMPLATE / ".github").rglob("*.yml")]
    pins = {match.group() for file in files for match in USES.finditer(file.read_text())}
    assert len(pins) == len({pin.partition("@")[0] for pin in pins}), pins


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        with:\n          persist-credentials: false\n", ""),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1", "@v7"),
        ("permissions: {}", "permissions: write-all"),
        ("uv run raw gates --all", 'echo "${{ github.event.pull_request.title }}"; uv run raw gates --all'),
        ("timeout-minutes: 20", "timeout-minutes: soon"),
    ],
)
def test_a_fault_is_found(old: str, new: str, tmp_path: Path) -> None:
    shutil.copytree(TEMPLATE / ".github", tmp_path / ".github")
    for source in (TEMPLATE / ".github").rglob("*.yml"):
        (tmp_path / source.relative_to(TEMPLATE)).write_text(render_file(source))
    file = tmp_path / ".github/workflows/ci.yml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    assert next(findings(tmp_path), None) is not None
