"""Keeps objects in an S3-compatible bucket; without one, as files.

obstore is not imported until a bucket is asked. In run.py write `from tools import storage`.
"""

from tools.storage.errors import ObjectMissing, StorageError
from tools.storage.store import (
    LONGEST_LINK,
    TIMEOUT_SECONDS,
    delete,
    exists,
    get,
    head,
    list_objects,
    presign,
    put,
)
from tools.storage.values import Entry, Head, Stored

__all__ = [
    "LONGEST_LINK",
    "TIMEOUT_SECONDS",
    "Entry",
    "Head",
    "ObjectMissing",
    "StorageError",
    "Stored",
    "delete",
    "exists",
    "get",
    "head",
    "list_objects",
    "presign",
    "put",
]
