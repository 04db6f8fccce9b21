"""Encrypts what Temporal stores: inputs, results, signals, memos, and the texts of failures.

Names stay readable (workflow types and ids, task queues, search attributes): they must hold nothing personal.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from settings import SettingsError

ENCODING = b"binary/encrypted"
CIPHER = b"AES-256-GCM"
# Random nonces of 96 bits: one key is good for 2**32 payloads, so rotate long before that.
_NONCE_BYTES = 12
_KEY_BYTES = 32


class CodecError(Exception):
    """A payload cannot be decrypted; the text names the key's id and never holds what the payload says."""


class EncryptionCodec(PayloadCodec):
    """AES-256-GCM over the whole serialized payload; the first key encrypts, all decrypt.

    An encrypted payload's metadata holds `encoding`, `encryption-cipher` and `encryption-key-id` (a fingerprint of
    the key), all three bound to the data; its data is the nonce and then the ciphertext. Payloads of another encoding
    pass decoding as they are, so that encryption can be switched on while processes are under way.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Take the keys, of 32 bytes each, at least one.

        Raises:
            ValueError: there is no key, or one of another length.
        """
        if not keys or any(len(key) != _KEY_BYTES for key in keys):
            raise ValueError(f"needs keys of {_KEY_BYTES} bytes, at least one")
        self._ciphers = {key_id(key): AESGCM(key) for key in keys}
        self._current = key_id(keys[0])

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Return the payloads encrypted under the first key."""
        return [self._encrypt(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Return the payloads in plain form.

        Raises:
            CodecError: one was encrypted under a key that is not here, or was changed.
        """
        return [self._decrypt(payload) for payload in payloads]

    def _encrypt(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, payload.SerializeToString(), _bound(self._current))
        metadata = {"encoding": ENCODING, "encryption-cipher": CIPHER, "encryption-key-id": self._current}
        return Payload(metadata=metadata, data=nonce + sealed)

    def _decrypt(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        used = payload.metadata.get("encryption-key-id", b"")
        shown = ascii(used[:32].decode("ascii", "replace"))
        if payload.metadata.get("encryption-cipher") != CIPHER:
            raise CodecError("A payload is encrypted by another cipher than AES-256-GCM: it is not one of ours.")
        if (cipher := self._ciphers.get(used)) is None:
            raise CodecError(f"A payload is encrypted under the key {shown}, which TEMPORAL_CODEC_KEYS does not hold.")
        try:
            plain = cipher.decrypt(payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:], _bound(used))
            return Payload.FromString(plain)
        except (InvalidTag, ValueError, DecodeError):
            raise CodecError(f"A payload that is encrypted under the key {shown} was changed or cut off.") from None


def key_id(key: bytes) -> bytes:
    """Return a key's id: 16 hexadecimal digits of a hash, from which nobody finds the key."""
    return hashlib.sha256(b"temporal codec key " + key).hexdigest()[:16].encode()


def new_key() -> str:
    """Return a new random key in base64, as TEMPORAL_CODEC_KEYS takes it."""
    return base64.b64encode(os.urandom(_KEY_BYTES)).decode()


def make_codec(keys: Iterable[SecretStr]) -> EncryptionCodec | None:
    """Return the codec of these keys, in base64 each; None when there are none.

    Raises:
        SettingsError: one is not base64 of 32 bytes.
    """
    parsed = [_parse(key.get_secret_value(), place) for place, key in enumerate(keys, start=1)]
    return EncryptionCodec(parsed) if parsed else None


def _parse(text: str, place: int) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise SettingsError(
            f"TEMPORAL_CODEC_KEYS is wrong: key {place} must be base64 of {_KEY_BYTES} bytes; "
            "python -m workflows.temporal codec-key makes one."
        )
    return key


def _bound(used: bytes) -> bytes:
    """Return what a ciphertext is bound to beside its key, so that no payload can be passed off under another."""
    return b"|".join((ENCODING, CIPHER, used))
