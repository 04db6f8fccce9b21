"""Runs `python -m charts` of a rendered project, by the template's own environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def charts(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a project; its output is text."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-m", "charts", *words],
        cwd=project,
        env=env | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
