from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from scaffold.tests.copies import copy_project


@pytest.fixture(autouse=True)
def _in_the_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Furnish the copy that we stand in: a gate's tests have this project in the environment, which would win."""
    monkeypatch.delenv("RAW_PROJECT_ROOT", raising=False)


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the parts of this project that `raw new` looks at, for what writes nothing."""
    return copy_project(tmp_path_factory.mktemp("scaffold") / "untouched")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of one's own, which we stand in."""
    folder = copy_project(tmp_path / "copy")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def checkout(copy: Path) -> Path:
    """The copy as a git repository with everything committed."""
    alone = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "All"]):
        subprocess.run(["git", *words], cwd=copy, env=alone, check=True)
    return copy
