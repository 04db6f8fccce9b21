"""Finds the programs that come with packages: beside this Python, whether or not its environment is activated."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

TEMPORAL = "temporal"
TEST_SERVER = "temporal-test-server"


def find_executable(name: str) -> str | None:
    """Return the path of a program: the user's own on PATH, else the one of this environment, else None."""
    return shutil.which(name) or shutil.which(name, path=os.fspath(Path(sys.executable).parent))
