"""Starts a run's process, passes on what it prints, and sees to it that it ends.

The child leads a session and process group of its own, so that one signal reaches it and all it started. Its
output goes through as it comes, never held whole. A tiny shell, the lifeline, waits on a pipe that
only this process holds open: when this process dies, even by SIGKILL, the pipe closes and the group is killed.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time

from raw_runtime.childio import PIPE_SAFE, Lifeline, SignalPipe, Stream
from raw_runtime.outputlog import OutputLog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

GRACE_SECONDS = 2.0
"""From SIGTERM to SIGKILL when time is up."""
INTERRUPT_GRACE_SECONDS = 5.0
"""From a passed-on Ctrl-C or SIGTERM to SIGKILL; a second one kills at once."""


class Exit:
    """How a supervised process ended.

    `code` is what `raw` ends with: the process's own code, 128 + n when signal n killed it or was passed on
    to it, 124 when its time ran out. `reason` says so in words when the process did not end by itself, else
    None. `interrupted` says that a signal to `raw` stopped it, `killed` that another signal did. `seconds`
    is wall-clock time, `last_lines` the end of what it printed.
    """

    __slots__ = ("code", "interrupted", "killed", "last_lines", "reason", "seconds")

    def __init__(
        self,
        code: int,
        reason: str | None,
        seconds: float,
        last_lines: list[str],
        *,
        interrupted: bool = False,
        killed: bool = False,
    ) -> None:
        self.code = code
        self.reason = reason
        self.seconds = seconds
        self.last_lines = last_lines
        self.interrupted = interrupted
        self.killed = killed


def supervise(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    pass_fds: Sequence[int] = (),
    log_path: Path | None = None,
    stdout_fd: int = 1,
    stderr_fd: int = 2,
    timeout: float | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> Exit:
    """Run `argv` to its end and return how it ended; must be called from the main thread.

    Its stdout and stderr go to the two descriptors and, together, to `log_path`. A reader that goes away
    (a broken pipe) stops the echo, not the run. `timeout` is in seconds. `meanwhile` is called once the
    child has been started, while it loads.

    Raises:
        OSError: the program could not be started.
    """
    log = OutputLog(log_path)
    try:
        with SignalPipe() as signals:
            run = _Run(argv, cwd, env, pass_fds, log, (stdout_fd, stderr_fd), signals, timeout)
            try:
                if meanwhile is not None:
                    meanwhile()
                run.loop()
            finally:
                run.finish()
            return run.result()
    finally:
        log.close()


class _Run:
    def __init__(
        self,
        argv: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        pass_fds: Sequence[int],
        log: OutputLog,
        targets: tuple[int, int],
        signals: SignalPipe,
        timeout: float | None,
    ) -> None:
        self._log, self._signals, self._timeout = log, signals, timeout
        self._started = time.monotonic()
        outs, errs = os.pipe(), os.pipe()
        try:
            self._child = subprocess.Popen(
                argv, cwd=cwd, env=env, stdout=outs[1], stderr=errs[1], pass_fds=pass_fds, start_new_session=True
            )
        except OSError:
            os.close(outs[0])
            os.close(errs[0])
            raise
        finally:
            os.close(outs[1])
            os.close(errs[1])
        self._lifeline = Lifeline(self._child.pid)
        self._streams = (Stream(outs[0], targets[0]), Stream(errs[0], targets[1]))
        self._stopped_by: signal.Signals | None = None
        self._timed_out = False
        self._kill_at: float | None = None
        self._give_up_at: float | None = None
        self._seen: dict[int, str] = {}

    def loop(self) -> None:
        """Pass output on and keep the clock, until the child has ended and all it printed went through."""
        while True:
            now = time.monotonic()
            self._keep_clock(now)
            ended = self._child.poll() is not None
            if ended and self._after_end(now):
                return
            reads = {s.source: s for s in self._streams if s.source is not None and not s.pending}
            writes = {s.target: s for s in self._streams if s.target is not None and s.pending}
            ready_r, ready_w, _ = select.select([self._signals.fd, *reads], [*writes], [], self._wait(now, ended))
            if self._signals.fd in ready_r:
                self._pass_on(self._signals.take())
            got = [stream.read(self._log) for fd, stream in reads.items() if fd in ready_r]
            for fd, stream in writes.items():
                if fd in ready_w:
                    stream.write()
            if got and max(got) < PIPE_SAFE and not ended:
                # Many small writes: a breath lets them gather, else each one costs a turn of this loop.
                time.sleep(0.001)

    def _keep_clock(self, now: float) -> None:
        if self._timeout is not None and not self._timed_out and now - self._started >= self._timeout:
            self._timed_out = True
            self._kill_at = now + GRACE_SECONDS
            self._look_around()
            self._signal_group(signal.SIGTERM)
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            self._look_around()
            self._signal_group(signal.SIGKILL)

    def _pass_on(self, signals: list[signal.Signals]) -> None:
        for number in signals:
            if self._stopped_by is None:
                self._stopped_by = number
                self._kill_at = time.monotonic() + INTERRUPT_GRACE_SECONDS
                self._look_around()
                self._signal_group(number)
            else:
                self._kill_at = time.monotonic()

    @property
    def _stopping(self) -> bool:
        return self._timed_out or self._stopped_by is not None

    def _after_end(self, now: float) -> bool:
        """Do what is left once the child has ended; True when nothing is."""
        if self._give_up_at is None:
            if self._stopping and self._kill_at is not None and self._signal_group(0):
                return False  # what the child started has its time of grace too
            self._signal_group(signal.SIGKILL)
            self._kill_seen()
            self._give_up_at = now + 1.0
        if any(s.pending for s in self._streams) and not self._stopping:
            self._give_up_at = now + 1.0  # a slow reader gets all of it
        done = all(s.source is None and not s.pending for s in self._streams)
        # A process that left the group can hold the pipes open for ever: its output is not awaited.
        return done or now >= self._give_up_at

    def _wait(self, now: float, ended: bool) -> float | None:
        if ended:
            return 0.05
        ends = [self._kill_at]
        if self._timeout is not None and not self._timed_out:
            ends.append(self._started + self._timeout)
        left = [end - now for end in ends if end is not None]
        return max(0.0, min(left)) if left else None

    def _look_around(self) -> None:
        """Remember what the child has started, also outside its group, before it is told to end."""
        from raw_runtime.processes import descendants

        self._seen |= descendants(self._child.pid)

    def _kill_seen(self) -> None:
        """End what left the child's group: it could also hold the pipes open."""
        if self._seen:
            from raw_runtime.processes import kill_all

            kill_all(self._seen)

    def _signal_group(self, number: int) -> bool:
        """Signal the child's group; False when nobody is left in it."""
        try:
            os.killpg(self._child.pid, number)
        except ProcessLookupError:
            return False
        except PermissionError:  # macOS: only dead, unreaped members are left
            return False
        return True

    def finish(self) -> None:
        """Leave nothing behind, whatever happened."""
        if self._child.poll() is None:
            self._signal_group(signal.SIGKILL)
            self._child.wait()
        self._kill_seen()
        self._lifeline.close()
        for stream in self._streams:
            stream.close(self._log)

    def result(self) -> Exit:
        """Return how the child ended."""
        seconds = time.monotonic() - self._started
        lines = self._log.last_lines()
        code = self._child.returncode
        if self._timed_out:
            from raw_runtime.result import EXIT_TIMEOUT

            return Exit(EXIT_TIMEOUT, f"timed out after {self._timeout:g} s", seconds, lines)
        if self._stopped_by is not None:
            reason = f"interrupted by {self._stopped_by.name}"
            return Exit(128 + self._stopped_by, reason, seconds, lines, interrupted=True)
        if code < 0:
            from raw_runtime.processes import signal_name

            return Exit(128 - code, f"killed by {signal_name(-code)}", seconds, lines, killed=True)
        return Exit(code, None, seconds, lines)
