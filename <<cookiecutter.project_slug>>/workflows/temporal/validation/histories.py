"""Recorded histories: JSON as `temporal workflow show --output json` writes it, one file a process."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any


class HistoryError(Exception):
    """A file holds no history that can be replayed; the text is one plain sentence."""


@dataclass(frozen=True)
class Event:
    """One event. `type` is its name as people write it, such as ActivityTaskScheduled."""

    id: int
    type: str
    attributes: Mapping[str, Any]
    summary: str = ""

    @property
    def activity(self) -> str:
        """The name of the activity that is scheduled here, else an empty text."""
        return str(self.attributes.get("activityType", {}).get("name", ""))

    def __str__(self) -> str:
        what = self.activity or self.attributes.get("signalName") or self.attributes.get("startToFireTimeout") or ""
        return f"event {self.id}, {self.type}" + f" {what}".rstrip() + (f" ({self.summary})" if self.summary else "")


@dataclass(frozen=True)
class Recorded:
    """A history from a file."""

    name: str
    text: str
    events: tuple[Event, ...]

    @property
    def workflow_type(self) -> str:
        """The name of the Temporal workflow's type."""
        return str(self.events[0].attributes["workflowType"]["name"])

    @property
    def workflow_id(self) -> str:
        """The id that it ran under."""
        return str(self.events[0].attributes.get("workflowId") or Path(self.name).stem)

    @cached_property
    def scheduled(self) -> tuple[Event, ...]:
        """The events that schedule activities."""
        return tuple(event for event in self.events if event.type == "ActivityTaskScheduled")

    @property
    def ending(self) -> str:
        """How it ended: the `status` of its result where it has one, else completed, canceled, failed, ...; or open."""
        last = self.events[-1]
        if not last.type.startswith("WorkflowExecution") or last.type == "WorkflowExecutionSignaled":
            return "open"
        result = values(last.attributes.get("result", {}))
        if result and isinstance(result[0], Mapping) and isinstance(result[0].get("status"), str):
            return str(result[0]["status"])
        return last.type.removeprefix("WorkflowExecution").lower()


def read_history(path: Path) -> Recorded:
    """Read a history.

    Raises:
        HistoryError: it cannot be read, or is none, or is encrypted.
    """
    try:
        text = path.read_text(encoding="utf-8")
        given = json.loads(text)
        events = tuple(map(_event, given["events"]))
        events[0].attributes["workflowType"]["name"]
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise HistoryError(
            f"{path.name} is no history as `temporal workflow show --output json` writes it ({type(error).__name__})."
        ) from None
    if base64.b64encode(b"binary/encrypted").decode() in text:
        raise HistoryError(
            f"{path.name} is encrypted: fetch it through the codec (--codec-endpoint), or make histories."
        )
    return Recorded(path.name, text, events)


def values(payloads: Mapping[str, Any]) -> list[Any]:
    """Return what JSON payloads hold; None for those of another encoding."""
    return [_value(payload) for payload in payloads.get("payloads", ())]


def _value(payload: Mapping[str, Any]) -> Any:
    encoding = base64.b64decode(payload.get("metadata", {}).get("encoding", ""))
    return json.loads(base64.b64decode(payload.get("data", ""))) if encoding == b"json/plain" else None


def _event(given: Mapping[str, Any]) -> Event:
    kind = re.sub(r"_?([A-Z]+)", lambda word: word[1].capitalize(), given["eventType"].removeprefix("EVENT_TYPE_"))
    attributes: Mapping[str, Any] = next((value for key, value in given.items() if key.endswith("EventAttributes")), {})
    summary = given.get("userMetadata", {}).get("summary")
    return Event(int(given["eventId"]), kind, attributes, str(_value(summary)) if summary else "")
