"""Makes histories of equal plays equal: no host, no path, no ids but given ones, times to the minute from one date."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

BEGIN = datetime(2030, 1, 7, 9, tzinfo=UTC)
_NAMESPACE = uuid.UUID("019b0000-0000-7000-8000-000000000000")
# Of this build, this run or this machine; the replay does not read them.
_DROPPED = frozenset({"binaryChecksum", "historySizeBytes", "meteringMetadata", "requestId", "stackTrace", "taskId"})
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def normalise(history: Mapping[str, Any], *, workflow_id: str) -> str:
    """Return the text of a file, one event a line.

    What the play makes wait is whole minutes; what the machine takes is less than half of one, and is rounded away.
    """
    form = _Form(datetime.fromisoformat(history["events"][0]["eventTime"]), workflow_id)
    events = [form.of(event) for event in history["events"]]
    events[0]["workflowExecutionStartedEventAttributes"]["workflowId"] = workflow_id
    lines = ",\n".join(json.dumps(event, separators=(",", ":")) for event in events)
    return f'{{"events":[\n{lines}\n]}}\n'


class _Form:
    def __init__(self, begun: datetime, workflow_id: str) -> None:
        self._begun = begun
        self._workflow_id = workflow_id
        self._ids: dict[str, str] = {}

    def of(self, value: Any, key: str = "") -> Any:
        if isinstance(value, Mapping):
            if "metadata" in value and "data" in value:
                return self._payload(value)
            return {name: self.of(inner, name) for name, inner in value.items() if name not in _DROPPED}
        if isinstance(value, list):
            same = [self.of(inner) for inner in value]
            return sorted(same) if key == "coreUsedFlags" else same
        return self._text(value, key) if isinstance(value, str) else value

    def _payload(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        if base64.b64decode(payload["metadata"]["encoding"]) != b"json/plain":
            return payload
        inner = self.of(json.loads(base64.b64decode(payload["data"])))
        data = json.dumps(inner, separators=(",", ":")).encode()
        return {**payload, "data": base64.b64encode(data).decode()}

    def _text(self, value: str, key: str) -> str:
        if key == "identity":
            return "recorder"
        if key == "startToFireTimeout":
            return f"{_minutes(timedelta(seconds=float(value.removesuffix('s')))).total_seconds():.0f}s"
        if _TIME.fullmatch(value):
            moved = BEGIN + _minutes(datetime.fromisoformat(value) - self._begun)
            return moved.isoformat().replace("+00:00", "Z")
        if key.endswith("RunId") and _UUID.fullmatch(value):
            return self._ids.setdefault(value, str(uuid.uuid5(_NAMESPACE, f"{self._workflow_id}:{len(self._ids)}")))
        return value


def _minutes(duration: timedelta) -> timedelta:
    return timedelta(minutes=round(duration / timedelta(minutes=1)))
