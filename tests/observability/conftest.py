from __future__ import annotations

import shutil
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "<<cookiecutter.project_slug>>"


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus' own checker."""
    found = shutil.which("promtool")
    assert found, "promtool is missing: apt-get install --no-install-recommends prometheus"
    return found
