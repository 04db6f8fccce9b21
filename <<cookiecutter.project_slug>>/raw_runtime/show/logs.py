"""The log of a workflow's newest run."""

from __future__ import annotations

import sys
import time
from collections import deque

from raw_runtime.rundir import run_dirs, run_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from raw_runtime.project import Workflow

_POLL_SECONDS = 0.2


def show_logs(workflow: Workflow, *, lines: int, follow: bool) -> int:
    """Print the last lines of the newest run's output.log, as they are; return the exit code.

    `follow` goes on printing until that run has ended.
    """
    runs = run_dirs(workflow)
    if not runs:
        print(f"No runs yet: raw run {workflow.id}")
        return 0
    log = runs[0] / "output.log"
    if not log.is_file():
        print(f"Run {runs[0].name} has no output.log.")
        return 0
    out = sys.stdout.buffer
    with log.open("rb") as file:
        for line in deque(file, maxlen=lines):
            out.write(line)
        out.flush()
        if follow:
            _follow(file, runs[0], out)
    return 0


def _follow(file: BinaryIO, run_dir: Path, out: BinaryIO) -> None:
    while True:
        ended = run_status(run_dir) not in ("running", "pending")  # asked first: what it wrote last is read below
        while data := file.read(65536):
            out.write(data)
        out.flush()
        if ended:
            return
        time.sleep(_POLL_SECONDS)
