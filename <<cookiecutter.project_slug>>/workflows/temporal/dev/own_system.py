"""A system of the demo's own: free ports, a folder that vanishes, no account, and days that last seconds."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.schema import migrate_if_needed
from settings import ROOT, Settings
from workflows.temporal.dev.console import readable
from workflows.temporal.dev.door import CommandDoor, Door
from workflows.temporal.dev.mails import MailFolder, Mails
from workflows.temporal.dev.plays import clock
from workflows.temporal.dev.running import Group
from workflows.temporal.dev.system import (
    LOOPBACK,
    ApiPart,
    CannotStartError,
    find_temporal,
    free_ports,
    path_for,
    until_ready,
)

# Of the user's environment nothing else: no account of theirs may be used for people who do not exist.
_KEPT = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONPATH", "SYSTEMROOT", "TMPDIR", "TZ", "VIRTUAL_ENV")
_START_SECONDS = 120.0
_LAST_LINES = 6

_TEMPORAL = (
    'temporal server start-dev --ip 127.0.0.1 --port "$PORT" --ui-port "$UI_PORT" '
    "--search-attribute ProcessStage=Keyword --log-level error"
)
_WORKER = "python -m workflows.temporal worker"


@dataclass(slots=True)
class System:
    """A system that runs."""

    door: Door
    ui: str
    api: str | None
    mails: Mails
    note: str = ""
    group: Group | None = None
    logs: Path | None = None

    def last_lines(self, name: str) -> list[str]:
        """Return the last lines that a process wrote."""
        try:
            lines = (self.logs or Path()).joinpath(f"{name}.log").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []
        return [readable(line) for line in lines[-_LAST_LINES:]]


@asynccontextmanager
async def own_system(part: ApiPart | None) -> AsyncIterator[System]:
    """Start a system, with the API if its part is given, give it once it is ready, and end it, whatever happens.

    Raises:
        CannotStartError: no server is here, or a process ended, or they were not ready in time.
    """
    temporal = find_temporal()
    folder = Path(tempfile.mkdtemp(prefix="raw-demo-"))
    lock = threading.Lock()

    def write(name: str, line: str) -> None:
        with lock, (folder / f"{name}.log").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    group = Group(ROOT, write)
    try:
        yield await _start(group, folder, temporal, part)
    finally:
        await group.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _start(group: Group, folder: Path, temporal: str, part: ApiPart | None) -> System:
    port, ui_port, health_port, api_port = free_ports(4)
    ui = f"http://localhost:{ui_port}"
    values = {
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'app.db'}",
        "DEV_FOLDER": str(folder / "world"),
        "WORKER_HEALTH_PORT": str(health_port),
        "WORKER_GRACE_SECONDS": "3",
        **clock(),
    }
    env = {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "PATH": path_for(temporal),
        "PYTHONUNBUFFERED": "1",
        # No file: a setting of the user's that is not named here must not count.
        "ENV_FILE": str(folder / "none.env"),
        "TEMPORAL_ADDRESS": f"{LOOPBACK}:{port}",
        "TEMPORAL_CONFIG_FILE": os.devnull,
        "TEMPORAL_UI_URL": ui,
        **values,
    }
    given: dict[str, Any] = {"_env_file": None, **{name.lower(): value for name, value in values.items()}}
    settings = Settings(**given)
    group.start("temporal", _TEMPORAL, {**env, "PORT": str(port), "UI_PORT": str(ui_port)})
    await migrate_if_needed(settings)
    urls = {"temporal": f"http://{LOOPBACK}:{ui_port}/", "worker": f"http://{LOOPBACK}:{health_port}/readyz"}
    group.start("worker", _WORKER, env, wave=1)
    door: Door = CommandDoor(settings, env, folder)
    api, note = None, ""
    if part is not None:
        api = f"http://{LOOPBACK}:{api_port}"
        variables = part.fresh_variables()
        group.start("api", part.COMMAND, {**env, **variables, part.PORT_VARIABLE: str(api_port)}, wave=1)
        urls["api"] = f"{api}/readyz"
        door, note = part.make_door(api, variables), part.note(variables)
    system = System(door, ui, api, MailFolder(settings.dev_path), note, group, folder)
    await _until_ready(system, group, urls)
    return system


async def _until_ready(system: System, group: Group, urls: dict[str, str]) -> None:
    ready, ended = asyncio.ensure_future(until_ready(urls)), asyncio.ensure_future(group.first_end())
    try:
        await asyncio.wait((ready, ended), timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            gone = ended.result()
            lines = "".join(f"\n  {line}" for line in system.last_lines(gone.name))
            raise CannotStartError(f"The demo's system did not start: {gone.words}.{lines}")
        if not ready.done():
            raise CannotStartError(f"The demo's system was not ready after {_START_SECONDS:.0f} seconds.")
    finally:
        ready.cancel()
        ended.cancel()
