"""The file that is a run's result, and reading it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

RESULT = "results/result.json"


def read_result(run_dir: Path) -> Any:
    """Return results/result.json; None when there is none that is JSON. NaN and infinities become None."""
    try:
        with (run_dir / RESULT).open("rb") as file:
            return json.load(file, parse_constant=lambda _: None)
    except (OSError, ValueError):
        return None
