"""`output.log`: what a run printed, bounded in size, its first and its last part kept."""

from __future__ import annotations

import fcntl
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

LIMIT_BYTES = 10 * 1024 * 1024
TAIL_BYTES = 64 * 1024


class OutputLog:
    """Writes a run's output to a file of at most `limit` bytes, and remembers its end.

    The first bytes are written as they come; the last 64 KiB are held back once the limit is near, so that
    the log of a run that printed too much still shows how it ended, with a line between that says how
    many bytes were dropped. While it is open the file is locked: the run has a living supervisor.
    """

    def __init__(self, path: Path | None, limit: int = LIMIT_BYTES) -> None:
        """Open `path` for writing; None keeps only the tail, in memory."""
        self._fd = None if path is None else os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if self._fd is not None:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._room = limit - TAIL_BYTES
        self._tail = bytearray()
        self._held = 0

    def write(self, data: bytes) -> None:
        """Add output."""
        if self._fd is not None and self._room > 0:
            head = data[: self._room]
            _write_all(self._fd, head)
            self._room -= len(head)
            self._held += len(data) - len(head)
        else:
            self._held += len(data)
        self._tail += data
        if len(self._tail) > 2 * TAIL_BYTES:
            del self._tail[:-TAIL_BYTES]

    def close(self) -> None:
        """Write what was held back and let go of the file."""
        fd, self._fd = self._fd, None
        if fd is None:
            return
        rest = bytes(self._tail[-min(self._held, TAIL_BYTES) :]) if self._held else b""
        dropped = self._held - len(rest)
        if dropped:
            _write_all(fd, f"\n[raw: {dropped} bytes of output were dropped here]\n".encode())
        if rest:
            _write_all(fd, rest)
        os.close(fd)

    def last_lines(self, count: int = 5, width: int = 300) -> list[str]:
        """Return the last non-empty lines printed, each cut to `width` characters."""
        text = self._tail[-TAIL_BYTES:].decode(errors="replace")
        lines = [line.rstrip() for line in text.splitlines() if line.strip()]
        return [line if len(line) <= width else line[:width] + "..." for line in lines[-count:]]


def has_supervisor(path: Path) -> bool:
    """True while a process has `path` open as its OutputLog."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
