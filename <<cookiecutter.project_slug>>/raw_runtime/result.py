"""The outcome of one run, the same whichever executor ran it (the JSON of `raw run --json`)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_TIMEOUT = 124
EXIT_CANCELLED = 130


@dataclass(slots=True)
class RunResult:
    """What a run came to.

    `status` is success, error or complete (upstream's completion signals); `exit_code` is 0 when it
    succeeded, 1 when the workflow failed, 2 when the params were wrong, 124 when its time ran out,
    130 when it was cancelled, 128 + n when signal n killed it, else the workflow's own code.
    `result` is what the workflow saved as `results/result.json` (None when it saved nothing);
    `artifacts` are paths relative to `run_dir`; `duration_seconds` is wall-clock time.
    """

    workflow: str
    run_id: str
    run_dir: str
    status: str
    exit_code: int
    message: str
    result: Any = None
    artifacts: list[str] = field(default_factory=list)
    duration_seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """True when the run ended with exit code 0."""
        return self.exit_code == EXIT_OK

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return asdict(self)

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, default=str)
