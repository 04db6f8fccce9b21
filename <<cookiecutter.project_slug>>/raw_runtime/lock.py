"""The lock that tells a run that goes on from a run whose process is gone."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAME = ".lock"


def take(run_dir: Path) -> int | None:
    """Take the run's lock; return the descriptor that holds it, or None when another process or run holds it.

    The kernel lets go of it when the process ends, however it ends.
    """
    fd = os.open(run_dir / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    except BaseException:
        os.close(fd)
        raise
    return fd


def release(fd: int) -> None:
    """Let go of a lock that `take` gave."""
    os.close(fd)
