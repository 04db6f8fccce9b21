"""What the storage tells of an object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """An object that is kept: `where` is s3://BUCKET/KEY or the URI of a file; `size` in bytes; `sha256` in hex."""

    key: str
    where: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An object of a list: its key without S3_PREFIX, its size in bytes, and when it was written."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Head:
    """What an object is: as an entry, and its content type (in a folder that of its name's ending).

    `sha256` is what `put` counted; None where something else wrote the object, and in a folder.
    """

    key: str
    size: int
    modified: datetime
    content_type: str
    sha256: str | None
