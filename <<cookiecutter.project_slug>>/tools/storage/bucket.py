"""A bucket of an S3-compatible server, by obstore."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from tools.storage.errors import StorageError
from tools.storage.faults import explained, timed_out
from tools.storage.values import Entry, Head

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config, S3Credential

    from configuration.storage import StorageSettings

_HASH = "sha256"  # kept with the object as x-amz-meta-sha256, so that `get` can check what came back
_TRIES = 3


async def write(
    settings: StorageSettings, key: str, data: bytes, content_type: str, sha256: str, timeout_seconds: float
) -> None:
    """Put an object, with its SHA-256 for the server to check; whether it did is then seen by what it says it has.

    Raises:
        StorageError: the server did not say that it has the object, or has another.
    """
    async with _errors(timeout_seconds, writing=True):
        # In one request, whatever the size: a broken upload in parts leaves parts that cost and that no list shows.
        answer = await obstore.put_async(
            _store(settings, timeout_seconds),
            _path(settings, key),
            data,
            attributes={"Content-Type": content_type, _HASH: sha256},
            use_multipart=False,
        )
        # The entity tag is the MD5 of what was received, unless the bucket encrypts with keys of its own.
        if (answer["e_tag"] or "").strip('"') != await asyncio.to_thread(_md5, data):
            kept = await read(settings, key, timeout_seconds)
            if kept != data:
                raise _changed()


async def read(settings: StorageSettings, key: str, timeout_seconds: float) -> bytes:
    """Get an object, and compare it with the SHA-256 that `write` left with it, if there is one.

    Raises:
        ObjectMissing: there is none.
        StorageError: it could not be read, or is not what was written.
    """
    async with _errors(timeout_seconds, writing=False):
        got = await obstore.get_async(_store(settings, timeout_seconds), _path(settings, key))
        data = bytes(await got.bytes_async())
    expected = got.attributes.get(_HASH)
    if expected is not None and expected != await asyncio.to_thread(_sha256, data):
        raise _changed()
    return data


async def head(settings: StorageSettings, key: str, timeout_seconds: float) -> Head:
    """Tell what an object is.

    Raises:
        ObjectMissing: there is none.
        StorageError: the server did not say.
    """
    async with _errors(timeout_seconds, writing=False):
        got = await obstore.get_async(_store(settings, timeout_seconds), _path(settings, key), options={"head": True})
    attributes = got.attributes
    content_type = attributes.get("Content-Type", "application/octet-stream")
    return Head(key, got.meta["size"], _utc(got.meta["last_modified"]), content_type, attributes.get(_HASH))


async def remove(settings: StorageSettings, key: str, timeout_seconds: float) -> None:
    """Remove an object; none there is no error.

    Raises:
        StorageError: the server did not say that it is gone.
    """
    async with _errors(timeout_seconds, writing=True):
        await obstore.delete_async(_store(settings, timeout_seconds), _path(settings, key))


async def listed(settings: StorageSettings, prefix: str, timeout_seconds: float) -> list[Entry]:
    """List the objects under a folder of keys, by key.

    Raises:
        StorageError: the server did not say.
    """
    under = "/".join(part for part in (settings.s3_prefix, prefix) if part)
    async with _errors(timeout_seconds, writing=False):
        found = await obstore.list(_store(settings, timeout_seconds), under or None).collect_async()
    cut = len(settings.s3_prefix) + 1 if settings.s3_prefix else 0
    entries = [Entry(each["path"][cut:], each["size"], _utc(each["last_modified"])) for each in found]
    return sorted(entries, key=lambda entry: entry.key)


async def sign(settings: StorageSettings, key: str, expires: timedelta, timeout_seconds: float) -> str:
    """Return a link that reads an object without keys, at S3_PUBLIC_URL where that is set.

    Raises:
        StorageError: there is no identity to sign with.
    """
    async with _errors(timeout_seconds, writing=False):
        store = _store(settings, timeout_seconds, public=True)
        return await obstore.sign_async(store, "GET", _path(settings, key), expires)


def _path(settings: StorageSettings, key: str) -> str:
    return f"{settings.s3_prefix}/{key}" if settings.s3_prefix else key


def _changed() -> StorageError:
    return StorageError("S3 has other bytes than were put: put it again.", retryable=True)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


@asynccontextmanager
async def _errors(timeout_seconds: float, *, writing: bool) -> AsyncIterator[None]:
    """Bound what is done in it, and let only StorageError out."""
    try:
        async with asyncio.timeout(timeout_seconds):
            yield
    except TimeoutError:
        raise timed_out(timeout_seconds, writing=writing) from None
    except (BaseError, OSError, ValueError) as error:
        # Not chained: the library's text holds the server's whole answer, with the key, and the access key's id.
        raise explained(error, timeout_seconds, writing=writing) from None


@lru_cache(maxsize=8)
def _store(settings: StorageSettings, timeout_seconds: float, *, public: bool = False) -> S3Store:
    """Return the client of these settings, made once: it keeps connections open.

    obstore fills in what is not given from AWS_... variables. So what would change the meaning of given settings
    is given too.
    """
    endpoint = (settings.s3_public_url if public else None) or settings.s3_endpoint_url
    config: S3Config = {
        "skip_signature": False,
        "checksum_algorithm": "SHA256",
        "disable_bulk_delete": True,  # not every server has it
    }
    if endpoint is not None:
        config |= {"endpoint": endpoint, "aws_endpoint_url_s3": endpoint}
        config |= {"virtual_hosted_style_request": False}
    if settings.s3_region is not None:
        config["region"] = settings.s3_region
    options: ClientConfig = {
        "allow_http": endpoint is not None and endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=timeout_seconds / (_TRIES + 1)),
        "timeout": timedelta(seconds=timeout_seconds),
    }
    key, secret = settings.s3_access_key_id, settings.s3_secret_access_key
    given: S3Credential | None = None
    if key is not None and secret is not None:
        given = {
            "access_key_id": key,
            "secret_access_key": secret.get_secret_value(),
            "token": None,
            "expires_at": None,
        }
    return S3Store(
        settings.s3_bucket,
        config=config,
        client_options=options,
        retry_config={
            "max_retries": _TRIES - 1,
            "retry_timeout": timedelta(seconds=timeout_seconds),
            "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=1), "base": 2},
        },
        # A provider, not two values: AWS_SESSION_TOKEN would be sent along with those.
        credential_provider=None if given is None else lambda: given,
    )
