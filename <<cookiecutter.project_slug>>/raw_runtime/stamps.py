"""Moments and ids as the journal and the manifest write them."""

from __future__ import annotations

import os
from datetime import UTC, datetime

RAW_VERSION = "0.1.0"


def utc_now() -> datetime:
    """Return the moment, in UTC."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """Return ISO 8601 with a final Z, as upstream's journals have it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def new_event_id() -> str:
    """Return 12 random hexadecimal digits."""
    return os.urandom(6).hex()


def hand_run_id(moment: datetime) -> str:
    """Return the id of a run that no supervisor named (`run_` and the time in UTC, as upstream)."""
    return moment.strftime("run_%Y%m%d_%H%M%S")
