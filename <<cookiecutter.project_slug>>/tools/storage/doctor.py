"""Whether the bucket keeps, gives back and removes an object: a small one of its own, which is gone afterwards."""

from __future__ import annotations

import secrets
import time
from urllib.parse import urlsplit

from configuration.storage import StorageSettings
from tools.checking import Finding, State
from tools.storage.errors import StorageError
from tools.storage.store import delete, get, put

SETTINGS = StorageSettings

_LIMIT_SECONDS = 3.0  # for each of three requests


def state(settings: StorageSettings) -> State:
    """Say where objects are kept."""
    if settings.s3_bucket is None:
        return State("default", f"S3_BUCKET is empty: objects become files in {settings.dev_folder}/storage.")
    host = urlsplit(settings.s3_endpoint_url).hostname if settings.s3_endpoint_url else "Amazon S3"
    identity = "" if settings.s3_access_key_id else ", by the platform's own identity"
    return State("configured", f"Objects go to the bucket {settings.s3_bucket} of {host}{identity}.")


async def check(settings: StorageSettings) -> list[Finding]:
    """Put a small object under S3_PREFIX and .doctor/, get it back, and remove it."""
    if settings.s3_bucket is None:
        return []
    key, content = f".doctor/{secrets.token_hex(8)}", secrets.token_bytes(32)
    began = time.monotonic()
    try:
        await put(settings, key, content, timeout_seconds=_LIMIT_SECONDS)
    except StorageError as error:
        return [_failed("put", error)]
    findings = []
    try:
        if await get(settings, key, timeout_seconds=_LIMIT_SECONDS) != content:
            findings.append(_failed("get", StorageError("S3 has other bytes than were put: ask who runs the server.")))
    except StorageError as error:
        findings.append(_failed("get", error))
    try:
        await delete(settings, key, timeout_seconds=_LIMIT_SECONDS)
    except StorageError as error:
        findings.append(_failed("delete", error))
    took = f"{(time.monotonic() - began) * 1000:.0f} ms"
    return findings or [Finding("bucket", True, f"A small object was put, read and removed in {took}.")]


def _failed(doing: str, error: StorageError) -> Finding:
    detail, colon, remedy = str(error).rpartition(": ")
    if colon:  # what a sentence says after its last colon is what to do
        return Finding(doing, False, f"{detail}.", f"{remedy[0].upper()}{remedy[1:]}")
    if error.status is None:
        return Finding(doing, False, str(error), "Check S3_ENDPOINT_URL, and that this machine may reach it.")
    return Finding(doing, False, str(error), "Wait and run this again; if it stays, ask who runs the server.")
