"""Handlers for the event bus: one that journals, one that prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from raw_runtime.journal import LocalJournalWriter
from raw_runtime.protocols.logger import PlainLogger, as_logger

if TYPE_CHECKING:
    from raw_runtime.events import BaseEvent


class JournalEventHandler:
    """Appends each event to a journal."""

    def __init__(self, journal_path: Path) -> None:
        self._writer = LocalJournalWriter(journal_path)

    def __call__(self, event: BaseEvent) -> None:
        """Append the event."""
        self._writer.write_event(event)

    def flush(self) -> None:
        """Wait until the disk has every event."""
        self._writer.flush()

    def close(self) -> None:
        """Close the journal."""
        self._writer.close()


class ConsoleEventHandler:
    """Prints a line for each event, as plain text. `console` is anything with `print(str)`."""

    def __init__(self, console: Any = None) -> None:
        self.console = as_logger(console) if console is not None else PlainLogger()

    def __call__(self, event: BaseEvent) -> None:
        """Print the event, if it is of a kind that a person wants to see."""
        line = _line(event.event_type.value, event)
        if line is not None:
            self.console.print(line)


def _line(kind: str, event: Any) -> str | None:
    match kind:
        case "workflow.started":
            version = f" v{event.workflow_version}" if event.workflow_version else ""
            return f"Starting {event.workflow_name}{version}"
        case "workflow.completed":
            return f"Completed in {event.duration_seconds:.2f}s ({event.step_count} steps)"
        case "workflow.failed":
            place = f" in {event.failed_step}" if event.failed_step else ""
            return f"Failed{place} after {event.duration_seconds:.2f}s: {event.error}"
        case "step.started":
            return f"> {event.step_name} ({', '.join(event.input_types)}) -> {event.output_type}"
        case "step.completed":
            return f"  {event.step_name} -> {event.result_type} ({event.duration_seconds:.2f}s)"
        case "step.failed":
            return f"  {event.step_name} failed ({event.duration_seconds:.2f}s): {event.error}"
        case "step.skipped":
            return f"  {event.step_name} skipped: {event.reason}"
        case "step.retry":
            return f"  {event.step_name}: retry {event.attempt}/{event.max_attempts} after error: {event.error}"
        case "artifact.created":
            return f"  Created {event.artifact_type}: {event.path}"
        case "cache.hit":
            return f"  Using cached result for {event.step_name}"
    return None


__all__ = ["ConsoleEventHandler", "JournalEventHandler"]
