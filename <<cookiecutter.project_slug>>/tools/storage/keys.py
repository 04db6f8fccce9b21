"""Which keys an object may have: those that both S3 and a folder can hold, and that no one can climb out with."""

from __future__ import annotations

import unicodedata

from tools.storage.errors import StorageError

LONGEST = 1024
LONGEST_PART = 200
"""Longest key, and longest part of one between two slashes, in bytes of UTF-8; file systems take no more than 255."""


def checked(key: str, name: str = "key", prefix: str = "") -> str:
    """Return the key.

    Args:
        key: what is checked.
        name: what the sentence calls it.
        prefix: S3_PREFIX, which takes part in the length.

    Raises:
        StorageError: it is no key.
    """
    fault = _fault(key, prefix)
    if fault is not None:
        raise StorageError(f"{name} {fault}.")
    return key


def _fault(key: str, prefix: str) -> str | None:
    if not key:
        return "is empty: give one such as reports/2026-11.html"
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in key) or "\\" in key:
        return "holds a control character or a backslash: leave it out"
    if len(f"{prefix}/{key}".encode()) > LONGEST:
        return f"is too long: with S3_PREFIX it may have {LONGEST} bytes as UTF-8"
    parts = key.split("/")
    if not all(parts):
        return "starts or ends with a slash, or has two in a row: leave it out"
    if any(part in (".", "..") for part in parts):
        return "has a part that is . or ..: name the place itself"
    if any(len(part.encode()) > LONGEST_PART for part in parts):
        return f"has a part of more than {LONGEST_PART} bytes as UTF-8: shorten it"
    return None
