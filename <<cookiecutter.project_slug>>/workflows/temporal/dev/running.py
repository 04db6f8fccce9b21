"""Processes that live and die together: whichever way it ends, nothing of them stays.

Each has a process group of its own, and its output, and that of everything it starts, comes through one pipe. So the
pipe's end tells that the last of them is gone, also where a reloader was killed and its child lives on.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

GRACE_SECONDS = 12.0
_KILL_SECONDS = 5.0
_LOOK_SECONDS = 0.05
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(slots=True)
class _Member:
    name: str
    wave: int
    process: subprocess.Popen[bytes]
    # Set at the end of its output.
    silent: threading.Event = field(default_factory=threading.Event)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to whatever is left of its group."""
        if not self.silent.is_set() or self.process.poll() is None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                # The last one ended at this moment.
                return

    def is_gone(self) -> bool:
        return self.silent.is_set() and self.process.poll() is not None


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that ended by itself; `code` is its exit code, negative for the signal that killed it."""

    name: str
    code: int

    @property
    def words(self) -> str:
        """Say how it ended."""
        if self.code >= 0:
            return f"{self.name} ended by itself, with exit code {self.code}"
        return f"{self.name} was ended by {signal.Signals(-self.code).name}"


class Group:
    """Starts processes, passes on what they write line by line, and ends them all."""

    def __init__(self, folder: Path, write: Callable[[str, str], None]) -> None:
        """Start nothing yet.

        Args:
            folder: where the processes run.
            write: takes the name of a process and a line of it; called from several threads.
        """
        self._folder = folder
        self._write = write
        self._members: list[_Member] = []

    def start(self, name: str, command: str, env: Mapping[str, str], *, wave: int = 0) -> None:
        """Start a command of the shell; call it in the main thread. Later waves are ended first.

        Raises:
            OSError: there is no shell.
        """
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}"],
            cwd=self._folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        member = _Member(name, wave, process)
        self._members.append(member)
        threading.Thread(target=self._read, args=(member,), name=f"output of {name}", daemon=True).start()

    def ended(self) -> Ended | None:
        """Return one that has ended by itself, if any has."""
        for member in self._members:
            if (code := member.process.poll()) is not None:
                return Ended(member.name, code)
        return None

    async def first_end(self) -> Ended:
        """Wait until one ends by itself."""
        while (found := self.ended()) is None:
            await asyncio.sleep(_LOOK_SECONDS)
        return found

    async def stop(self, *, at_once: Callable[[], bool] = lambda: False, seconds: float = GRACE_SECONDS) -> list[str]:
        """End all of them, the last wave first; return the names of those that had to be killed.

        Args:
            at_once: asked again and again: whether they are to be killed now.
            seconds: how long a wave may take to end.
        """
        killed = []
        for wave in sorted({member.wave for member in self._members}, reverse=True):
            members = [member for member in self._members if member.wave == wave]
            for member in members:
                member.signal(signal.SIGTERM)
            await _until_gone(members, seconds, at_once)
            for member in members:
                if not member.is_gone():
                    killed.append(member.name)
                    member.signal(signal.SIGKILL)
            await _until_gone(members, _KILL_SECONDS, lambda: False)
        return killed

    def _read(self, member: _Member) -> None:
        assert member.process.stdout is not None
        try:
            for line in member.process.stdout:
                self._write(member.name, line.decode(errors="replace").rstrip("\r\n"))
        finally:
            member.silent.set()


async def _until_gone(members: list[_Member], seconds: float, at_once: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not all(member.is_gone() for member in members) and time.monotonic() < until and not at_once():
        await asyncio.sleep(_LOOK_SECONDS)


def _end_with_parent() -> None:
    """Have the kernel end this process when the one that started it is killed (Linux)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
