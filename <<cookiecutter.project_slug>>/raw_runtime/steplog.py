"""steps.jsonl: the results of a run's finished steps, kept (0600) so that a resumed run need not make them again."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from raw_runtime.files import PRIVATE, LineFile

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "steps.jsonl"


class StepLog:
    """Appends finished steps; safe to use from several threads."""

    def __init__(self, run_dir: Path) -> None:
        self._file = LineFile(run_dir / FILE_NAME, PRIVATE)
        self._lock = threading.Lock()

    def write(self, *, name: str, ordinal: int, digest: str, kind: str, result_json: str) -> None:
        """Append one finished step; `result_json` is its result as JSON text, `kind` how it is to be read."""
        head = json.dumps({"name": name, "ordinal": ordinal, "args": digest, "kind": kind})
        with self._lock:
            self._file.write(f'{head[:-1]}, "result": {result_json}}}')

    def close(self, *, durable: bool) -> None:
        """Close the file, after the disk has it when `durable`."""
        with self._lock:
            if durable:
                self._file.sync()
            self._file.close()
