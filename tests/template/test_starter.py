"""Two releases of the template become two commits of a bare repository, which a team can start from."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import gate0
import pytest
from support import copy_template

SECRETS = ("WEBHOOK_SECRETS=whsec_", "API_KEYS=")


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    done = subprocess.run(["git", "-C", folder, *identity, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def release(template: Path, tag: str, seconds: int) -> None:
    date = f"{1_900_000_000 + seconds} +0000"
    git(template, "add", "-A")
    environment = os.environ | {"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date}
    words = ["-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", tag]
    subprocess.run(["git", "-C", template, *words], check=True, env=environment)
    git(template, "tag", tag)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout with releases v0.1.0, v0.1.1 (nothing rendered has changed), v0.2.0 (a file was renamed)."""
    folder = copy_template(tmp_path_factory.mktemp("starter") / "raw-system")
    for name in (".ci/starter.py", "pyproject.toml"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(gate0.ROOT / name, folder / name)
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", "https://ann:of-ann-alone@example.com/org/raw-system.git")
    release(folder, "v0.1.0", 0)
    (folder / "CHANGELOG.md").write_text("# Changelog\n")
    release(folder, "v0.1.1", 60)
    (folder / gate0.SLUG_DIR / "docs/gates.md").rename(folder / gate0.SLUG_DIR / "docs/checks.md")
    release(folder, "v0.2.0", 120)
    return folder


@pytest.fixture
def publish(template: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(remote: Path, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, template / ".ci/starter.py", "--to", f"file://{remote}", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    return run


def bare(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "-q", "--bare", "--initial-branch", "main")
    return folder


def test_one_commit_for_each_release_that_changed_something(
    template: Path, publish: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    remote, other = bare(tmp_path / "starter.git"), bare(tmp_path / "other.git")

    first = publish(remote, "--releases", "v0.1.0")
    assert first.returncode == 0, first.stderr
    assert git(remote, "log", "--format=%s", "main") == "raw-system 0.1.0"
    one = git(remote, "rev-parse", "main")

    both = publish(remote)
    assert both.returncode == 0, both.stderr
    assert "v0.1.1: nothing has changed" in both.stdout
    assert git(remote, "log", "--format=%s", "main").splitlines() == ["raw-system 0.2.0", "raw-system 0.1.0"]
    assert git(remote, "rev-parse", "main~1") == one
    assert git(remote, "tag").splitlines() == ["v0.1.0", "v0.2.0"]
    changed = git(remote, "diff", "--name-status", "-M", "main~1", "main").splitlines()
    assert changed == ["M\t.cookiecutter.json", "R100\tdocs/gates.md\tdocs/checks.md"]

    again = publish(remote)
    assert again.returncode == 0, again.stderr
    assert git(remote, "rev-list", "--count", "main") == "2"

    # Whoever publishes, and when: the same history.
    assert publish(other).returncode == 0
    assert git(other, "rev-parse", "main") == git(remote, "rev-parse", "main")

    files = git(remote, "ls-tree", "-r", "--name-only", "main").splitlines()
    golden = (Path(__file__).parent / "golden/full.txt").read_text().split()
    assert set(files) == set(golden) - {".env", "docs/gates.md"} | {"docs/checks.md"}
    history = subprocess.run(
        ["git", "-C", remote, "log", "-p", "main"], capture_output=True, check=True
    ).stdout.decode()
    assert "of-ann-alone" not in history
    assert [
        line for line in history.splitlines() if line.lstrip("+").startswith(SECRETS) and "generate:" not in line
    ] == []
    noted = json.loads(git(remote, "show", "main:.cookiecutter.json"))
    assert noted["template"] == "https://example.com/org/raw-system.git"
    assert noted["commit"] == git(template, "rev-parse", "v0.2.0")

    # Started from without cookiecutter: what only a render makes is made by the project itself.
    git(tmp_path, "clone", "-q", str(remote), "mine")
    subprocess.run([sys.executable, "-m", "configuration.env_file"], cwd=tmp_path / "mine", check=True)
    assert "generate:" not in (tmp_path / "mine/.env").read_text()
    assert git(tmp_path / "mine", "status", "--porcelain") == ""


def test_what_cannot_be_done_is_said_in_one_sentence(
    publish: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    none = publish(tmp_path / "nowhere.git")
    assert none.returncode == 1
    assert "git fetch failed" in none.stderr
    unknown = publish(bare(tmp_path / "starter.git"), "--releases", "v9.9.9")
    assert unknown.returncode == 1
    assert unknown.stderr == "There is no release to publish: tag one as vX.Y.Z.\n"
