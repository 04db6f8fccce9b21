"""A shut network for dry runs: an attempt to use it raises, and is written down even when it is caught.

Three walls, from the plainest to the strongest: an audit hook in the script's own process; the same hook in
each Python that the script starts (through `sitecustomize` on PYTHONPATH); and, where the system lets an ordinary
user have one, a network namespace of their own, which also holds programs that are no Python.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

REPORT_ENV = "RAW_NETWORK_REPORT"
"""Names the file to which each attempt is added, one `HOST:PORT` a line; the guard stands where it is set."""

_SITECUSTOMIZE = '''\
"""Shuts the network in every Python of a dry run, then hands over to the sitecustomize that stood here before."""

import importlib.machinery
import importlib.util
import pathlib
import sys

here = str(pathlib.Path(__file__).parent)

from raw_runtime.network import guard_from_env

guard_from_env()
spec = importlib.machinery.PathFinder.find_spec("sitecustomize", [p for p in sys.path if p != here])
if spec is not None and spec.loader is not None:
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
'''
_ADDRESS_SECOND = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})
_NAME_FIRST = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"})
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


class NetworkShutError(PermissionError):
    """A dry run tried to use the network."""


def prepare(folder: Path, env: dict[str, str]) -> Path:
    """Set up `env` so that a Python started with it has the network shut; return the report's path.

    `folder` is private, exists, and lives as long as the run.
    """
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(_SITECUSTOMIZE, encoding="utf-8")
    report = folder / "network.txt"
    report.touch()
    env[REPORT_ENV] = str(report)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(site), env.get("PYTHONPATH"))))
    return report


def attempts(report: Path) -> list[str]:
    """Return the addresses that were tried, each once, in order."""
    return list(dict.fromkeys(report.read_text(encoding="utf-8", errors="replace").splitlines()))


def guard_from_env() -> None:
    """Shut the network in this process, and below it, if the environment asks for it."""
    if report := os.environ.get(REPORT_ENV):
        isolate()
        guard(report)


def guard(report: str) -> None:
    """Make each use of the network in this process raise NetworkShutError and add a line to `report`, for good.

    Sockets between processes of this machine (AF_UNIX) stay open.
    """
    import socket

    local = {socket.AF_UNIX, getattr(socket, "AF_NETLINK", socket.AF_UNIX)}

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in _ADDRESS_SECOND:
            if args[0].family in local or args[1] is None:
                return
            target = _join(args[1])
        elif event in _NAME_FIRST:
            target = _join(args)
        else:
            return
        _note(report, target)
        raise NetworkShutError(
            f"The network is shut in a dry run: tried to reach {target}. Read a mock from mocks/ instead."
        )

    sys.addaudithook(hook)


def isolate() -> bool:
    """Move this process into a network namespace without interfaces; False where the system does not allow it.

    Must be called while the process has one thread. Its user stays the same.
    """
    if not sys.platform.startswith("linux"):
        return False
    pid = os.fork()  # tried out first: half done, it would leave a process that can create no files
    if pid == 0:
        try:
            done = _enter_namespace()
        except BaseException:  # the trial's end, whatever it ran into, is its exit code
            done = False
        os._exit(0 if done else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0 and _enter_namespace()


def _enter_namespace() -> bool:
    if os.geteuid() == 0 and _unshare(_CLONE_NEWNET):
        return True
    uid, gid = os.geteuid(), os.getegid()
    if not _unshare(_CLONE_NEWUSER | _CLONE_NEWNET):
        return False
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    except OSError:
        return False
    return True


def _unshare(flags: int) -> bool:
    import ctypes

    try:
        return bool(ctypes.CDLL(None).unshare(flags) == 0)
    except (OSError, AttributeError):
        return False


def _join(address: Any) -> str:
    """Write what a socket call names as HOST:PORT."""
    if not isinstance(address, tuple):
        return _text(address)
    if address and isinstance(address[0], tuple):
        return _join(address[0])
    host = _text(address[0]) if address else ""
    port = address[1] if len(address) > 1 else None
    if ":" in host:
        host = f"[{host}]"
    return host if port in (None, 0, "") else f"{host}:{_text(port)}"


def _text(value: Any) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return " ".join((text if value is not None else "localhost").split()) or "any address"


def _note(report: str, target: str) -> None:
    fd = os.open(report, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    try:
        os.write(fd, f"{target}\n".encode(errors="replace"))
    finally:
        os.close(fd)
