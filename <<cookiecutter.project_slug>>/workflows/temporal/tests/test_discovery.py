"""What is found by being there: two of one name are told, since the second would stand for the first in silence."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import invalidate_caches
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import db.entities
import workflows.temporal.processes
from db.entities import entity_types
from workflows.temporal.processes import processes


@pytest.mark.parametrize(
    ("package", "discover", "member", "name"),
    [
        (db.entities, entity_types.__wrapped__, "ENTITY", "parcel"),
        (workflows.temporal.processes, processes.__wrapped__, "PROCESS", "parcel"),
    ],
)
def test_two_of_one_name_are_told(
    package: ModuleType,
    discover: Callable[[], dict[str, Any]],
    member: str,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    try:
        (tmp_path / "first_twin.py").write_text(f"from workflows.temporal.tests.parcels import {member} as {member}\n")
        assert name in discover()
        (tmp_path / "second_twin.py").write_text(f"from workflows.temporal.tests.parcels import {member} as {member}\n")
        invalidate_caches()
        with pytest.raises(ValueError, match=f"two have one name.*'{name}', '{name}'"):
            discover()
    finally:
        for module in ("first_twin", "second_twin"):
            sys.modules.pop(f"{package.__name__}.{module}", None)
            package.__dict__.pop(module, None)
