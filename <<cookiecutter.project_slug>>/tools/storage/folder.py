"""The folder that objects are kept in while no bucket is named: a file each, under its key."""

from __future__ import annotations

import mimetypes
import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from raw_runtime.files import PRIVATE, write_atomic
from tools.storage.errors import ObjectMissing, StorageError
from tools.storage.values import Entry, Head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from configuration.storage import StorageSettings

MISSING = "There is no object under this key."
_UNFINISHED = re.compile(r"\.[0-9a-f]{12}\.tmp")  # as write_atomic names it
_NOT_THERE = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


def root(settings: StorageSettings) -> Path:
    """Return the folder of all objects."""
    return settings.dev_path / "storage"


def path_of(settings: StorageSettings, key: str) -> Path:
    """Return the file of a key that was checked."""
    return root(settings) / key


def write(settings: StorageSettings, key: str, data: bytes) -> Path:
    """Write an object, over the one of the same key if there is one; a reader sees the old or the new.

    Raises:
        StorageError: the folder cannot be written, or the key is a folder of others.
    """
    path = path_of(settings, key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data, mode=PRIVATE)
    except OSError as error:
        clash = isinstance(error, FileExistsError | IsADirectoryError | NotADirectoryError)
        if clash and root(settings).is_dir():
            raise StorageError(
                "The key is a folder of others, or lies under an object, which only a bucket can hold: choose another."
            ) from error
        raise _unusable(error, settings) from error
    return path


def read(settings: StorageSettings, key: str) -> bytes:
    """Read an object.

    Raises:
        ObjectMissing: there is none.
        StorageError: it cannot be read.
    """
    try:
        return path_of(settings, key).read_bytes()
    except _NOT_THERE:
        raise ObjectMissing(MISSING) from None
    except OSError as error:
        raise _unusable(error, settings) from error


def head(settings: StorageSettings, key: str) -> Head:
    """Tell what an object is.

    Raises:
        ObjectMissing: there is none.
        StorageError: the folder cannot be read.
    """
    path = path_of(settings, key)
    try:
        found = path.stat()
    except _NOT_THERE:
        raise ObjectMissing(MISSING) from None
    except OSError as error:
        raise _unusable(error, settings) from error
    if not stat.S_ISREG(found.st_mode):
        raise ObjectMissing(MISSING)
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Head(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC), guessed, None)


def remove(settings: StorageSettings, key: str) -> None:
    """Remove an object; none there is no error.

    Raises:
        StorageError: it cannot be removed.
    """
    path = path_of(settings, key)
    try:
        path.unlink()
    except _NOT_THERE:
        return
    except OSError as error:
        if not path.is_dir():  # unlink of a folder is PermissionError on some systems
            raise _unusable(error, settings) from error


def listed(settings: StorageSettings, prefix: str) -> list[Entry]:
    """List the objects under a folder of keys, by key.

    Raises:
        StorageError: the folder cannot be read.
    """
    try:
        return sorted(_walk(root(settings), prefix), key=lambda entry: entry.key)
    except OSError as error:
        raise _unusable(error, settings) from error


def _walk(top: Path, prefix: str) -> Iterator[Entry]:
    for folder, _, names in os.walk(top / prefix, onerror=_raise_unless_missing):
        for path in (Path(folder, name) for name in names if not _UNFINISHED.fullmatch(name)):
            try:
                found = path.stat()
            except FileNotFoundError:
                continue  # removed in between
            yield Entry(path.relative_to(top).as_posix(), found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def _raise_unless_missing(error: OSError) -> None:
    if not isinstance(error, _NOT_THERE):
        raise error


def _unusable(error: OSError, settings: StorageSettings) -> StorageError:
    return StorageError(
        f"The folder {root(settings)} cannot be used ({error.strerror}): set S3_BUCKET, or DEV_FOLDER to a folder that "
        "can be written.",
        retryable=True,
    )
