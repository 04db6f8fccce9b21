"""Column types that behave alike on SQLite and PostgreSQL: UTC times, UUIDv7 ids, text and JSON no driver chokes on."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator
from uuid_utils.compat import uuid7

# PostgreSQL stores no NUL in text, and neither database can encode half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\ufffd"


def new_id() -> uuid.UUID:
    """Return a UUIDv7: ids made later sort later, within one process strictly."""
    return uuid7()


def utc_now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)


def clean_text(text: str) -> str:
    """Return the text with each NUL and each lone surrogate replaced by U+FFFD, so that every database can store it."""
    return _UNSTORABLE.sub(REPLACEMENT, text)


def clean_json(value: Any) -> Any:
    """Return a JSON value that every database can store: texts cleaned, NaN and infinities as null."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {clean_text(str(key)): clean_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean_json(item) for item in value]
    return value


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time, always UTC when it comes back; SQLite keeps it as text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone: what it means depends on the machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a time zone cannot be stored; use db.types.utc_now().")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the zone back that SQLite does not keep."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CleanText(TypeDecorator[str]):
    """Text of any length; what no database can store is replaced (see `clean_text`), never an error."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Clean what goes in."""
        return None if value is None else clean_text(value)


class CleanJSON(TypeDecorator[Any]):
    """JSON that keeps the order of its keys; None is SQL's NULL; values are cleaned (see `clean_json`)."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """Clean what goes in."""
        return clean_json(value)
