from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scaffold.tests.copies import PARTS, ROOT


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The parts of this project that `raw new` looks at and adds to, in a folder of their own, which we stand in."""
    return _stand_in(tmp_path / "copy", monkeypatch)


@pytest.fixture
def checkout(copy: Path) -> Path:
    """The copy as a git repository with everything committed."""
    alone = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "All"]):
        subprocess.run(["git", *words], cwd=copy, env=alone, check=True)
    return copy


def _stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder.mkdir()
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
        elif source.exists():
            shutil.copy(source, folder / name)
    (folder / ".raw").mkdir()
    monkeypatch.chdir(folder)
    return folder
