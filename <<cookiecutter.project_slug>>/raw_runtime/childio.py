"""The parts of supervising a child: its outputs on their way, signals as bytes to read, and the lifeline."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from raw_runtime.outputlog import OutputLog

PIPE_SAFE = 4096
"""A pipe that select calls writable takes this many bytes without blocking."""

_CHUNK = 65536
_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LIFELINE = 'read -r _ || kill -s KILL -- "-$1"'


class SignalPipe:
    """Turns signals into readable bytes while it is entered; a signal that was ignored stays so."""

    def __enter__(self) -> SignalPipe:
        self.fd, self._write_fd = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._write_fd, False)
        self._old_fd = signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
        self._old = {}
        for number in (*_FORWARDED, signal.SIGCHLD):
            if number == signal.SIGCHLD or signal.getsignal(number) != signal.SIG_IGN:
                self._old[number] = signal.signal(number, lambda *_: None)
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_fd)
        os.close(self.fd)
        os.close(self._write_fd)

    def take(self) -> list[signal.Signals]:
        """Return the signals that came since the last call, SIGCHLD left out."""
        try:
            data = os.read(self.fd, 512)
        except BlockingIOError:
            return []
        return [signal.Signals(n) for n in data if n != signal.SIGCHLD]


class Stream:
    """One of the child's outputs on its way to a descriptor of ours."""

    def __init__(self, source: int, target: int) -> None:
        self.source: int | None = source
        self.target: int | None = target
        self.pending = memoryview(b"")
        self._line = b""
        with contextlib.suppress(OSError):
            mode = os.fstat(target).st_mode
            self._chunk = _CHUNK if stat.S_ISREG(mode) else PIPE_SAFE
            return
        self.target, self._chunk = None, PIPE_SAFE  # our own stdout is closed

    def read(self, log: OutputLog) -> int:
        """Take what is there; return how much, 0 at the end."""
        assert self.source is not None
        data = os.read(self.source, _CHUNK)
        if not data:
            self.close(log)
            return 0
        if self.target is not None:
            self.pending = memoryview(data)
        # Whole lines to the log: the two outputs share it, and an unbuffered print writes its line end apart.
        end = data.rfind(b"\n") + 1 or (len(data) if len(self._line) > PIPE_SAFE else 0)
        if end:
            log.write(self._line + data[:end])
            self._line = data[end:]
        else:
            self._line += data
        return len(data)

    def write(self) -> None:
        """Pass on a part of what is pending."""
        assert self.target is not None
        try:
            done = os.write(self.target, self.pending[: self._chunk])
        except BlockingIOError:
            return
        except OSError:
            # The reader has gone: the run goes on, and its log too.
            self.target, self.pending = None, memoryview(b"")
        else:
            self.pending = self.pending[done:]

    def close(self, log: OutputLog) -> None:
        """Stop reading."""
        if self._line:
            log.write(self._line)
            self._line = b""
        if self.source is not None:
            os.close(self.source)
            self.source = None


class Lifeline:
    """A shell that kills the group `pgid` when this process dies before `close`."""

    def __init__(self, pgid: int) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        with contextlib.suppress(OSError):  # no shell (a bare container): the run goes without
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _LIFELINE, "lifeline", str(pgid)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def close(self) -> None:
        """Let the shell end without doing anything."""
        if self._process is not None:
            self._process.communicate(b"\n")
