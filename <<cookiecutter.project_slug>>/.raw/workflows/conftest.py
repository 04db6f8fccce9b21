"""Let every test.py import its own `run`: the folders hold modules of the same name, and pytest is one process."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

WORKFLOWS = Path(__file__).resolve().parent
PROJECT = WORKFLOWS.parent.parent

# For `tools` and `raw_runtime` where the project is not installed; last, so that it hides nothing that is.
if str(PROJECT) not in sys.path:
    sys.path.append(str(PROJECT))

# What each folder's tests have imported from it, so that a folder sees the same modules again when its tests run.
_kept: dict[Path, dict[str, ModuleType]] = {}


def _folder(path: Path) -> Path | None:
    """Return the workflow's folder that a file lies in."""
    try:
        parts = path.resolve().relative_to(WORKFLOWS).parts
    except ValueError:
        return None
    return WORKFLOWS / parts[0] if len(parts) > 1 else None


def _own_modules() -> dict[str, ModuleType]:
    """Return the modules that were imported by plain name from any workflow's folder."""
    found = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        # The cheap question first: there are thousands of modules, and this is asked before and after each test.
        if isinstance(file, str) and file.endswith(f"{os.sep}{name}.py") and _folder(Path(file)) is not None:
            found[name] = module
    return found


@contextmanager
def _at_home(folder: Path) -> Iterator[None]:
    """Import from this folder first, and from no other workflow's."""
    for name in _own_modules():
        del sys.modules[name]
    sys.modules.update(_kept.get(folder, {}))
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        _kept[folder] = _own_modules()
        for name in _kept[folder]:
            del sys.modules[name]


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    folder = _folder(collector.path) if isinstance(collector, pytest.Module) else None
    if folder is None:
        return (yield)
    with _at_home(folder):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    folder = _folder(item.path)
    if folder is None:
        return (yield)
    with _at_home(folder):
        return (yield)


@pytest.fixture(autouse=True)
def _as_in_a_dry_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no workflow read the user's database, or tell people of anything: `raw run --dry` sets the same variable."""
    monkeypatch.setenv("RAW_NETWORK_REPORT", os.devnull)
