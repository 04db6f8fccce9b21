"""What the tests copy of the project, and how they call the command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("api", "db", "scaffold", "workflows", "ruff.toml", ".gitignore")


def raw_new(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `raw new` in a folder, as a user does."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "raw_runtime", "new", *words],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return every file and folder below one, with what files hold."""
    found = [path for path in sorted(folder.rglob("*")) if not {"__pycache__", ".git"} & set(path.parts)]
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in found}
