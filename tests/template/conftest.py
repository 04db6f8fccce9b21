"""Renders that many tests look at, each made once a process."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_cookies.plugin import Cookies
from support import STRUCTURES


@pytest.fixture(scope="session")
def baked(cookies_session: Cookies) -> Callable[[str], Path]:
    """Return a function from a name in STRUCTURES to its project, without gates; tests change nothing in it."""

    @functools.cache
    def bake(name: str) -> Path:
        result = cookies_session.bake(extra_context={**STRUCTURES[name], "gates": "none"})
        assert result.exception is None, result.exception
        project: Path = result.project_path
        return project

    return bake
