"""What `from tools import records` finds, and what it costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import records


def test_a_module_beside_the_others_adds_what_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ships.py").write_text("__all__ = ['ship']\n\n\ndef ship(id):\n    return f'ship {id}'\n\n\ndock = 1\n")
    monkeypatch.setattr(records, "__path__", [*records.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "tools.records.ships", raising=False)
    assert records.ship("1") == "ship 1"
    for name in ("dock", "boat", "_ship"):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
            getattr(records, name)


@pytest.mark.slow
def test_to_import_it_takes_nothing_heavy() -> None:
    said = "import sys; from tools import records; print(sorted(n for n in sys.modules if n in {*sys.argv}))"
    heavy = ["sqlalchemy", "pydantic", "settings", "db"]
    done = subprocess.run([sys.executable, "-c", said, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
