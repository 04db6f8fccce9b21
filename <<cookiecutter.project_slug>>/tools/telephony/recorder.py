"""The folder that calls are recorded in while no account is named: one JSON file a call."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raw_runtime.files import PRIVATE, write_atomic
from tools.telephony.errors import TelephonyError

if TYPE_CHECKING:
    from configuration.telephony import TelephonySettings

ENDED = ("completed", "busy", "failed", "no-answer", "canceled")


def record(settings: TelephonySettings, request: Mapping[str, Any], idempotency_key: str | None) -> dict[str, Any]:
    """Write a call, queued, and return it; with a key that was used before, return that call as it is.

    The file is `DEV_FOLDER/calls/SID.json`: sid, status, created_at and the request's own fields.

    Raises:
        TelephonyError: the folder cannot be written or read.
    """
    digest = secrets.token_hex(16) if idempotency_key is None else _digest(idempotency_key)
    sid = f"CA{digest}"
    known = _read(_path(settings, sid))
    if known is not None:
        return known
    call = {"sid": sid, "status": "queued", "created_at": datetime.now(UTC).isoformat(), **request}
    _write(settings, call)
    return call


def find(settings: TelephonySettings, to: str, since: datetime, exclude: Collection[str]) -> dict[str, Any] | None:
    """Return the latest call to a number that was made at or after a time, except those of the given sids."""
    calls = (call for path in _folder(settings).glob("CA*.json") if (call := _read(path)) is not None)
    found = [
        call
        for call in calls
        if call["to"] == to and call["sid"] not in exclude and datetime.fromisoformat(call["created_at"]) >= since
    ]
    return max(found, key=lambda call: str(call["created_at"]), default=None)


def cancel(settings: TelephonySettings, sid: str) -> dict[str, Any]:
    """Mark a call as canceled unless it has ended, and return it.

    Raises:
        TelephonyError: there is no such call, or the folder cannot be written.
    """
    call = _read(_path(settings, sid)) if re.fullmatch(r"CA[0-9a-f]{32}", sid) else None
    if call is None:
        raise TelephonyError("There is no call of this sid: give the one that place_call returned.", status=404)
    if call["status"] not in ENDED:
        call["status"] = "canceled" if call["status"] in ("queued", "ringing") else "completed"
        _write(settings, call)
    return call


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]


def _folder(settings: TelephonySettings) -> Path:
    return settings.dev_path / "calls"


def _path(settings: TelephonySettings, sid: str) -> Path:
    return _folder(settings) / f"{sid}.json"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        call: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unusable(path.parent, error) from error
    return call


def _write(settings: TelephonySettings, call: Mapping[str, Any]) -> None:
    path = _path(settings, str(call["sid"]))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(call, indent=2, ensure_ascii=False).encode(), mode=PRIVATE)
    except OSError as error:
        raise _unusable(path.parent, error) from error


def _unusable(folder: Path, error: Exception) -> TelephonyError:
    reason = getattr(error, "strerror", None) or "it holds a file that is no call"
    return TelephonyError(
        f"Calls cannot be recorded in {folder} ({reason}): set TWILIO_ACCOUNT_SID, or DEV_FOLDER to a usable folder.",
        retryable=isinstance(error, OSError),
    )
