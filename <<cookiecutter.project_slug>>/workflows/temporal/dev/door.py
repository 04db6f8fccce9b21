"""The ways by which the outside world tells the system something, and looks at it: the API, or the commands."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from settings import ROOT, Settings

FINAL = frozenset({"completed", "rejected", "expired", "no_show", "withdrawn", "failed"})


class DoorError(Exception):
    """The system did not take what it was told; the text is one plain sentence."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the system shows of a candidate; of the timeline, each event's name and detail."""

    status: str = ""
    timeline: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    @property
    def is_final(self) -> bool:
        """Whether the process has ended."""
        return self.status in FINAL


class Door(Protocol):
    """One of the ways. Every method raises DoorError when it is not let in."""

    async def apply(self, application: Mapping[str, str]) -> str:
        """Send an application: name, email, phone, position, cv_text; return the candidate's id."""
        ...

    async def calendar(self, candidate_id: str, call_time: datetime) -> None:
        """Tell that the candidate chose a time for the call."""
        ...

    async def call(self, candidate_id: str, call_sid: str, status: str, transcript: str = "") -> None:
        """Tell how a call ended."""
        ...

    async def decide(self, candidate_id: str, decision: str) -> None:
        """Tell what a person decided: approve or reject."""
        ...

    async def look(self, candidate_id: str) -> Seen:
        """Return what is known of a candidate."""
        ...

    def url(self, candidate_id: str) -> str:
        """Return where, or how, a person looks at the candidate."""
        ...


class CommandDoor:
    """Tells by the commands `start` and `send`, as a person does where there is no API; looks into the database."""

    def __init__(self, settings: Settings, env: Mapping[str, str], folder: Path) -> None:
        """Take the settings and the environment of the system, and a folder for what the commands read."""
        self._settings = settings
        self._env = dict(env)
        self._folder = folder

    async def apply(self, application: Mapping[str, str]) -> str:
        """Run `start`."""
        flags = [f"--{name}={application[name]}" for name in ("name", "email", "phone", "position")]
        told = await self._run("start", *flags, "--cv", self._file(application["cv_text"]))
        return next(line.split()[1] for line in told.splitlines() if line.startswith("candidate "))

    async def calendar(self, candidate_id: str, call_time: datetime) -> None:
        """Run `send calendar`."""
        await self._run("send", "calendar", candidate_id, "scheduled", "--at", call_time.isoformat())

    async def call(self, candidate_id: str, call_sid: str, status: str, transcript: str = "") -> None:
        """Run `send call`."""
        said = ["--transcript", self._file(transcript)] if transcript else []
        await self._run("send", "call", candidate_id, call_sid, status, *said)

    async def decide(self, candidate_id: str, decision: str) -> None:
        """Run `send decision`."""
        await self._run("send", "decision", candidate_id, decision)

    async def look(self, candidate_id: str) -> Seen:
        """Read the database, as `show` does."""
        from db.session import DatabaseUnavailableError
        from workflows.temporal.show_command import look

        try:
            shown = await look(self._settings, uuid.UUID(candidate_id))
        except DatabaseUnavailableError as error:
            raise DoorError(str(error)) from None
        return Seen(shown["status"], [(item["event"], item["detail"]) for item in shown["timeline"]])

    def url(self, candidate_id: str) -> str:
        """Return the command."""
        return f"python -m workflows.temporal show {candidate_id}"

    def _file(self, text: str) -> str:
        path = self._folder / f"said-{uuid.uuid4().hex}.txt"
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
