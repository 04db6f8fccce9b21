"""The real worker as a process, as it runs in production, or with a changed workflow."""

from __future__ import annotations

import sys
from pathlib import Path

from settings import ROOT
from workflows.temporal.tests.servers import WorkerProcess

_CHANGED = """
import sys
from workflows.temporal.ending import leave
from workflows.temporal.worker_command import main
leave(main([], registry=sys.argv[1]))
"""


class RealWorker(WorkerProcess):
    """`python -m workflows.temporal worker`, with its state in a folder of the test."""

    def __init__(self, folder: Path, address: str, url: str, **variables: str) -> None:
        super().__init__(
            folder,
            address,
            **{
                "DATABASE_URL": url,
                "DEV_FOLDER": str(folder / "dev"),
                "ENVIRONMENT": "development",
                "TEMPORAL_TASK_QUEUE": "main",
                **variables,
            },
        )
        self.task_queue = self._env["TEMPORAL_TASK_QUEUE"]
        self._registry: str | None = None

    def spawn_only(self) -> None:
        """Start it, and wait for nothing."""
        words = ["-m", "workflows.temporal", "worker"]
        if self._registry is not None:
            words = ["-c", _CHANGED, self._registry]
        self.spawn(sys.executable, *words, env=self._env)

    def change(self, folder: Path, registry: str) -> None:
        """Run another registry from the next start on, a module in this folder."""
        self._env["PYTHONPATH"] = f"{ROOT}:{folder}"
        self._registry = registry
