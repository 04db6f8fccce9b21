"""End a process together with all that it started."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def descendants(pid: int) -> dict[int, str]:
    """Return the processes under `pid` as {pid: start time}; the start time tells a reused pid apart.

    Found through /proc, so that a grandchild which made itself a session of its own is found too. Empty
    where there is no /proc (macOS): there the process group is all that is known.
    """
    children: dict[int, list[tuple[int, str]]] = {}
    for stat in _every_stat():
        child, parent, _session, born = stat
        children.setdefault(parent, []).append((child, born))
    found: dict[int, str] = {}
    todo = [pid]
    while todo:
        for child, born in children.get(todo.pop(), ()):
            found[child] = born
            todo.append(child)
    return found


def session_members(session: int) -> dict[int, str]:
    """Return the live processes of a session as {pid: start time}, its leader not among them."""
    return {pid: born for pid, _parent, sid, born in _every_stat() if sid == session and pid != session}


def signal_group(group: int, number: int) -> None:
    """Send a signal to a process group; a group that is gone is no error."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def kill_tree(leader: int, known: dict[int, str] | None = None) -> None:
    """Send SIGKILL to a session leader's process group and to everything under it.

    The leader is not reaped yet. `known` are descendants seen earlier: once their parent is dead they can no
    longer be found from it.
    """
    every = {**(known or {}), **descendants(leader), **session_members(leader)}
    signal_group(leader, signal.SIGKILL)
    kill_all(every)


def kill_all(processes: dict[int, str]) -> None:
    """Send SIGKILL to those of {pid: start time} that still live."""
    for pid, born in processes.items():
        if _born(pid) == born:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _every_stat() -> list[tuple[int, int, int, str]]:
    """Return (pid, parent, session, start time) of each process."""
    try:
        names = [name for name in os.listdir(_PROC) if name.isdigit()]  # noqa: PTH208 - once a kill, and quicker
    except OSError:
        return []
    every = []
    for name in names:
        fields = _stat(int(name))
        if fields:
            every.append((int(name), int(fields[1]), int(fields[3]), fields[19]))
    return every


def _born(pid: int) -> str | None:
    fields = _stat(pid)
    return fields[19] if fields else None


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat from the state on (the name before it may hold spaces)."""
    try:
        text = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    return text.rpartition(b")")[2].decode("ascii").split()


def signal_name(number: int) -> str:
    """Return SIGKILL for 9, and so on."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
