"""The ways by which the outside world tells the system something, and looks at it: the API, or the commands."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from settings import ROOT, Settings
from workflows.temporal.processes import Process


class DoorError(Exception):
    """The system did not take what it was told; the text is one plain sentence."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the system shows of an entity; of the timeline, each event's name and detail."""

    status: str = ""
    timeline: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)


class Door(Protocol):
    """One of the ways. Every method raises DoorError when it is not let in."""

    async def start(self, process: Process, body: Mapping[str, Any]) -> str:
        """Send what begins a process; return the entity's id."""
        ...

    async def send(self, process: Process, source: str, entity_id: str, body: Mapping[str, Any]) -> None:
        """Tell what happened; the entity's id need not be in the body."""
        ...

    async def look(self, process: Process, entity_id: str) -> Seen:
        """Return what is known of an entity."""
        ...

    def url(self, process: Process, entity_id: str) -> str:
        """Return where, or how, a person looks at the entity."""
        ...


class CommandDoor:
    """Tells by the commands `start` and `send`, as a person does where there is no API; looks into the database."""

    def __init__(self, settings: Settings, env: Mapping[str, str], folder: Path) -> None:
        """Take the settings and the environment of the system, and a folder for what the commands read."""
        self._settings = settings
        self._env = dict(env)
        self._folder = folder

    async def start(self, process: Process, body: Mapping[str, Any]) -> str:
        """Run `start`."""
        told = await self._run("start", process.name, "--json", self._file(json.dumps(body)))
        return next(line.split()[1] for line in told.splitlines() if line.startswith(f"{process.entity} "))

    async def send(self, process: Process, source: str, entity_id: str, body: Mapping[str, Any]) -> None:
        """Run `send`."""
        await self._run("send", process.name, source, entity_id, "--json", self._file(json.dumps(body)))

    async def look(self, process: Process, entity_id: str) -> Seen:  # noqa: ARG002 - as a Door has it
        """Read the database, as `show` does."""
        from db.session import DatabaseUnavailableError
        from workflows.temporal.show_command import look

        try:
            shown = await look(self._settings, uuid.UUID(entity_id))
        except DatabaseUnavailableError as error:
            raise DoorError(str(error)) from None
        return Seen(shown["status"], [(item["event"], item["detail"]) for item in shown["timeline"]])

    def url(self, process: Process, entity_id: str) -> str:  # noqa: ARG002 - as a Door has it
        """Return the command."""
        return f"python -m workflows.temporal show {entity_id}"

    def _file(self, text: str) -> str:
        path = self._folder / f"said-{uuid.uuid4().hex}.json"
        path.write_text(text, encoding="utf-8")
        return os.fspath(path)

    async def _run(self, *words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "workflows.temporal", *words),
            cwd=ROOT,
            env=self._env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        if process.returncode:
            raise DoorError(f"`{words[0]}` was refused: {' '.join(err.decode(errors='replace').split())[:300]}")
        return out.decode()
