"""The journal of a run, `events.jsonl`: one event a line, written when it happens.

A line is `{"version": 1, "event": {...}}`. Lines are only ever appended.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from raw_runtime.files import LineFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from raw_runtime.events import BaseEvent

SCHEMA_VERSION = 1
FILE_NAME = "events.jsonl"


class JournalWriter(Protocol):
    """What keeps events."""

    def write_event(self, event: BaseEvent) -> None:
        """Keep one event."""

    def flush(self) -> None:
        """Wait until every event is on disk."""


class LocalJournalWriter:
    """Appends events to a file; safe to use from several threads."""

    def __init__(self, journal_path: Path, schema_version: int = SCHEMA_VERSION) -> None:
        journal_path = Path(journal_path)
        journal_path.parent.mkdir(parents=True, exist_ok=True)
        self._file = LineFile(journal_path)
        self._version = schema_version
        self._lock = threading.Lock()

    def write_event(self, event: BaseEvent) -> None:
        """Append an event model."""
        self.write(event.model_dump(mode="json"))

    def write(self, event: Mapping[str, Any]) -> None:
        """Append an event given as JSON values."""
        line = json.dumps({"version": self._version, "event": event}, default=str)
        with self._lock:
            self._file.write(line)

    def flush(self) -> None:
        """Wait until the disk has every event."""
        with self._lock:
            self._file.sync()

    def close(self, *, durable: bool = True) -> None:
        """Close the file, after a flush when `durable`."""
        if durable:
            self.flush()
        with self._lock:
            self._file.close()

    def __enter__(self) -> LocalJournalWriter:
        """Return the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()


class JournalReader:
    """Reads a journal; lines that are broken or of another version are left out and counted in `skipped`."""

    def __init__(self, journal_path: Path) -> None:
        self._path = Path(journal_path)
        self.skipped = 0

    def read_events(self) -> list[dict[str, Any]]:
        """Return every event, in the order in which they were written; none when there is no file."""
        return list(self.iter_events())

    def iter_events(self) -> Iterator[dict[str, Any]]:
        """Give the events one by one."""
        self.skipped = 0
        for entry in read_json_lines(self._path):
            event = entry.get("event") if isinstance(entry, dict) else None
            if isinstance(event, dict) and entry.get("version", 1) == SCHEMA_VERSION:
                yield event
            else:
                self.skipped += 1


def read_json_lines(path: Path) -> Iterator[Any]:
    """Give each line of `path` as JSON, None for a line that is not; nothing when there is no file."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except ValueError:
                # A process killed while it wrote leaves half a line.
                yield None


__all__ = ["JournalReader", "JournalWriter", "LocalJournalWriter"]
