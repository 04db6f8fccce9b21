"""Runs of RAW workflows as the command makes them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from settings import ROOT


def raw_run(root: Path, url: str, workflow: str, *words: str) -> tuple[int, dict[str, object]]:
    env = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT), "RAW_PROJECT_ROOT": str(root)}
    done = subprocess.run(
        [sys.executable, "-m", "raw_runtime", "run", workflow, *words, "--json"],
        env=env,
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return done.returncode, answer
