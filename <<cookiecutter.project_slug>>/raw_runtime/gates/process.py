"""Runs one command with all it starts as a whole: bounded in time and output, killed together, never orphaned."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from raw_runtime.processes import signal_name
from raw_runtime.result import EXIT_CANCELLED, EXIT_FAILED, EXIT_TIMEOUT

GRACE_SECONDS = 2.0
MAX_LOG_BYTES = 100_000_000
_MARK = "RAW_GATES_COMMAND"


class Cancel:
    """Asks running commands to end: once politely (SIGTERM, then a grace), twice at once (SIGKILL).

    A signal handler may ask: it takes no lock, which the code that the signal came into might hold.
    """

    def __init__(self) -> None:
        self._times = 0

    def __call__(self) -> None:
        """Ask; the second time, insist."""
        self._times += 1

    @property
    def asked(self) -> bool:
        """True once somebody asked."""
        return self._times > 0

    @property
    def hard(self) -> bool:
        """True once somebody insisted."""
        return self._times > 1


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended; `reason` is "" when it ended by itself with exit code 0."""

    exit_code: int
    reason: str
    duration_seconds: float


def run_command(
    argv: Sequence[str | bytes], *, cwd: Path, environ: dict[str, str], log: Path, timeout: float, cancel: Cancel
) -> Ended:
    """Run `argv`, its stdout and stderr appended to `log` as they come, and wait for its end.

    When it has ended, whatever it left running is killed. Never raises for what the command does.
    """
    started = time.monotonic()
    mark = f"{_MARK}={secrets.token_hex(8)}"

    def ended(code: int, reason: str) -> Ended:
        return Ended(code, reason, time.monotonic() - started)

    with log.open("ab", buffering=0) as file:
        try:
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                env={**environ, _MARK: mark.partition("=")[2]},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            file.write(f"{error}\n".encode(errors="replace"))
            return ended(126, f"it could not be started: {error.strerror or error}")
        stop: tuple[int, str] | None = None
        guard = _Guard(process.pid)
        try:
            while stop is None and not _over(process.pid, cancel):
                if time.monotonic() - started >= timeout:
                    stop = (EXIT_TIMEOUT, f"timed out after {timeout:g} seconds")
                elif cancel.asked:
                    stop = (EXIT_CANCELLED, "interrupted")
                elif os.fstat(file.fileno()).st_size > MAX_LOG_BYTES:
                    stop = (EXIT_FAILED, f"wrote more than {MAX_LOG_BYTES // 1_000_000} MB")
        finally:
            _end(process.pid, mark, cancel, running=stop is not None)
            guard.dismiss()
            code = process.wait()
        if stop is not None:
            file.write(f"\n{stop[1]}\n".encode())
            return ended(*stop)
    if code < 0:
        return ended(128 - code, f"killed by {signal_name(-code)}")
    return ended(code, "" if code == 0 else f"exit code {code}" + (": command not found" if code == 127 else ""))


class _Guard:
    """A process that kills the group if this one dies without a word (kill -9, out of memory)."""

    def __init__(self, group: int) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        with contextlib.suppress(OSError):  # without it, only that case is not covered
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", 'read -r word || kill -s KILL -- "-$0"', str(group)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def dismiss(self) -> None:
        """Let it go; called while the group's leader is not reaped, so that its id is not another's yet."""
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.communicate(b"done\n")


def _over(pid: int, cancel: Cancel) -> bool:
    """Wait a little for the process to end; it stays unreaped, so that its group's id cannot be another's yet."""
    for delay in (0.001, 0.002, 0.005, 0.01, 0.02):
        if _exited(pid):
            return True
        if cancel.asked:
            break
        time.sleep(delay)
    return _exited(pid)


def _exited(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def _end(group: int, mark: str, cancel: Cancel, *, running: bool) -> None:
    """End the whole group; if its leader is still `running`, also what was started from it in groups of its own."""
    if running and not cancel.hard:
        _signal(group, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and not cancel.hard and not (_exited(group) and not _group_lives(group)):
            time.sleep(0.01)
    _signal(group, signal.SIGKILL)
    for pid in _marked(mark) if running else ():
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _group_lives(group: int) -> bool:
    """Return whether a living process is in the group (False where there is no /proc to tell)."""
    for folder in _processes():
        with contextlib.suppress(OSError):
            # After the name: state, parent, group, ...
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if fields[2] == str(group) and fields[0] not in "ZX":
                return True
    return False


def _marked(mark: str) -> list[int]:
    """Return the processes whose environment carries the mark: sessions and daemons of the command's own making."""
    found = []
    for folder in _processes():
        with contextlib.suppress(OSError):
            if mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def _processes() -> list[Path]:
    try:
        return [folder for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    except OSError:
        return []
