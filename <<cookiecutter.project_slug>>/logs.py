"""One line of JSON for each thing that is logged; never what people wrote, and no name, address or secret.

An exception is logged by its type and where it was raised, never by its text: texts of database errors
hold the values that were written.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

request_id_var: ContextVar[str] = ContextVar("request_id", default="")
entity_id_var: ContextVar[str] = ContextVar("entity_id", default="")
# What a trace adds to a line: trace_id and span_id. tracing/ sets it where it is on.
trace_fields: Callable[[], Mapping[str, str]] = dict

_MAX_FRAMES = 12


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of ASCII JSON; extra fields are those given as `extra={"fields": {…}}`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if request_id := request_id_var.get():
            line["request_id"] = request_id
        if entity_id := entity_id_var.get():
            line["entity_id"] = entity_id
        line.update(trace_fields())
        line.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = describe(record.exc_info[1])
            frames = traceback.extract_tb(record.exc_info[2])[-_MAX_FRAMES:]
            line["stack"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(line, ensure_ascii=True, default=str)


def describe(error: BaseException | None) -> str:
    """Return an exception's type, and that of what caused it, without their texts."""
    names: list[str] = []
    while error is not None and len(names) < 4:
        names.append(type(error).__qualname__)
        error = error.__cause__
    return " <- ".join(names)


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """Send every logger through the formatter to `stream` (standard error), from this level up."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # These repeat statements and addresses at INFO.
    for name in ("sqlalchemy", "aiosqlite", "asyncio", "alembic", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
