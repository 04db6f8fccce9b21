"""Keeps objects: in the bucket of S3_BUCKET, or, without one, as files in DEV_FOLDER/storage."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from tools.storage import folder
from tools.storage.errors import ObjectMissing, StorageError
from tools.storage.keys import checked
from tools.storage.values import Entry, Head, Stored

if TYPE_CHECKING:
    from configuration.storage import StorageSettings

TIMEOUT_SECONDS = 10.0
"""Longest time that each of these takes, further tries included, unless `timeout_seconds` says otherwise."""

LONGEST_LINK = timedelta(days=7)
"""Longest that S3 lets a link live."""

logger = logging.getLogger(__name__)


async def put(
    settings: StorageSettings,
    key: str,
    data: bytes,
    *,
    content_type: str = "application/octet-stream",
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Stored:
    """Keep an object under a key; the same key again replaces it, whole or not at all.

    Args:
        settings: the bucket.
        key: parts with slashes between, at most 1024 bytes of UTF-8; S3_PREFIX is put before it.
        data: the content.
        content_type: what a browser takes it for, such as "text/html; charset=utf-8"; a folder does not keep it.
        timeout_seconds: longest time for all of it. Ten seconds are 50 MB at 40 Mbit/s.

    Raises:
        StorageError: it is not kept, or (`uncertain`) whether it is is not known.
    """
    _check(settings, key)
    if not content_type or not content_type.isascii() or not content_type.isprintable():
        raise StorageError('content_type is no content type: give one such as "text/html; charset=utf-8".')
    sha256 = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
    if settings.s3_bucket is None:
        path = await asyncio.to_thread(folder.write, settings, key, data)
        level = logging.WARNING if settings.environment == "production" else logging.INFO
        logger.log(level, "S3_BUCKET is empty: an object was written to %s", path)
        return Stored(key, path.absolute().as_uri(), len(data), sha256)
    from tools.storage import bucket

    await bucket.write(settings, key, data, content_type, sha256, timeout_seconds)
    logger.info("An object of %d bytes was put into the bucket.", len(data))
    prefix = f"{settings.s3_prefix}/" if settings.s3_prefix else ""
    return Stored(key, f"s3://{settings.s3_bucket}/{prefix}{key}", len(data), sha256)


async def get(settings: StorageSettings, key: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> bytes:
    """Return the content of an object, whole in memory; from a bucket it is what `put` had, by its SHA-256.

    Raises:
        ObjectMissing: there is none.
        StorageError: it could not be read.
    """
    _check(settings, key)
    if settings.s3_bucket is None:
        return await asyncio.to_thread(folder.read, settings, key)
    from tools.storage import bucket

    return await bucket.read(settings, key, timeout_seconds)


async def head(settings: StorageSettings, key: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> Head:
    """Tell what an object is, without its content.

    Raises:
        ObjectMissing: there is none, or no bucket: S3 does not tell the two apart here.
        StorageError: it is not known.
    """
    _check(settings, key)
    if settings.s3_bucket is None:
        return await asyncio.to_thread(folder.head, settings, key)
    from tools.storage import bucket

    return await bucket.head(settings, key, timeout_seconds)


async def exists(settings: StorageSettings, key: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> bool:
    """Return whether there is an object under a key.

    Raises:
        StorageError: it is not known.
    """
    try:
        await head(settings, key, timeout_seconds=timeout_seconds)
    except ObjectMissing:
        return False
    return True


async def delete(settings: StorageSettings, key: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
    """Remove an object; none there is no error.

    Raises:
        StorageError: it is there still, or (`uncertain`) whether it is is not known.
    """
    _check(settings, key)
    if settings.s3_bucket is None:
        return await asyncio.to_thread(folder.remove, settings, key)
    from tools.storage import bucket

    return await bucket.remove(settings, key, timeout_seconds)


async def list_objects(
    settings: StorageSettings, prefix: str = "", *, timeout_seconds: float = TIMEOUT_SECONDS
) -> list[Entry]:
    """List the objects under a folder of keys, by key, such as "reports/2026"; "" lists all under S3_PREFIX.

    Raises:
        StorageError: it is not known.
    """
    if prefix:
        checked(prefix, "prefix", settings.s3_prefix)
    if settings.s3_bucket is None:
        return await asyncio.to_thread(folder.listed, settings, prefix)
    from tools.storage import bucket

    return await bucket.listed(settings, prefix, timeout_seconds)


async def presign(
    settings: StorageSettings, key: str, expires: timedelta, *, timeout_seconds: float = TIMEOUT_SECONDS
) -> str:
    """Return a link that reads an object without keys until it expires; without a bucket the URI of the file.

    The object need not be there. Keys of the platform's own identity end by themselves, and the link with them. A
    file:// URI never expires, and only this machine can follow it.

    Raises:
        StorageError: `expires` is not between a second and seven days, or there is no identity to sign with.
    """
    _check(settings, key)
    if not timedelta(seconds=1) <= expires <= LONGEST_LINK:
        raise StorageError("expires is wrong: a link lives from one second to seven days.")
    if settings.s3_bucket is None:
        return folder.path_of(settings, key).absolute().as_uri()
    from tools.storage import bucket

    return await bucket.sign(settings, key, expires, timeout_seconds)


def _check(settings: StorageSettings, key: str) -> None:
    checked(key, prefix=settings.s3_prefix)
