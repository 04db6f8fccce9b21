"""Writing files so that a reader sees the old content or the new, never a half."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE = 0o600
SHARED = 0o666  # less the umask


def write_atomic(path: Path, data: bytes, *, durable: bool = False, mode: int = SHARED) -> None:
    """Write `data` to a new file beside `path` and rename it over `path`.

    `durable` waits until the disk has the data; without it only a crash of the machine can lose them.

    Raises:
        OSError: the folder is missing or not writable, or the disk is full; `path` is as it was.
    """
    temp = path.parent / f".{os.urandom(6).hex()}.tmp"
    fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(fd)
        temp.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temp.unlink()
        raise


class LineFile:
    """A file of lines, each written whole by one system call, so that a killed process loses no finished line."""

    def __init__(self, path: Path, mode: int = SHARED) -> None:
        self._path = path
        self._mode = mode
        self._fd: int | None = None

    def write(self, line: str) -> None:
        """Append `line` and a newline; a half line that a killed process left is closed first."""
        data = line.encode() + b"\n"
        if self._fd is None:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, self._mode)
            size = os.fstat(self._fd).st_size
            if size and os.pread(self._fd, 1, size - 1) != b"\n":
                data = b"\n" + data
        while data:
            data = data[os.write(self._fd, data) :]

    def sync(self) -> None:
        """Wait until the disk has every line."""
        if self._fd is not None:
            os.fsync(self._fd)

    def close(self) -> None:
        """Close the file; a later write opens it again."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            os.close(fd)
