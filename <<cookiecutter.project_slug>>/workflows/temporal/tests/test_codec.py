from __future__ import annotations

import base64
import os

import pytest
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload

from settings import SettingsError
from workflows.temporal import setup_command
from workflows.temporal.client import data_converter
from workflows.temporal.codec import CodecError, EncryptionCodec, key_id, make_codec, new_key
from workflows.temporal.contracts import ProcessInput
from workflows.temporal.tests.servers import settings_for

pytestmark = pytest.mark.anyio

OLD, NEW = os.urandom(32), os.urandom(32)
PLAIN = Payload(metadata={"encoding": b"json/plain", "messageType": b"x"}, data=b'{"text": "Ann was here"}')


async def test_a_payload_comes_back_whole_and_its_encrypted_form_says_nothing() -> None:
    codec = EncryptionCodec([NEW])
    one, two = await codec.encode([PLAIN, PLAIN])
    assert one.data != two.data
    assert len(one.data) == 12 + len(PLAIN.SerializeToString()) + 16
    for word in (b"Ann", b"json/plain", b"messageType"):
        assert word not in one.SerializeToString()
    assert dict(one.metadata) == {
        "encoding": b"binary/encrypted",
        "encryption-cipher": b"AES-256-GCM",
        "encryption-key-id": key_id(NEW),
    }
    assert await codec.decode([one, two]) == [PLAIN, PLAIN]
    assert await codec.decode(await codec.encode([Payload()])) == [Payload()]


async def test_rotation_the_first_key_encrypts_and_all_decrypt() -> None:
    [before] = await EncryptionCodec([OLD]).encode([PLAIN])
    rotated = EncryptionCodec([NEW, OLD])
    [after] = await rotated.encode([PLAIN])
    assert after.metadata["encryption-key-id"] == key_id(NEW)
    assert await rotated.decode([before, after]) == [PLAIN, PLAIN]
    with pytest.raises(CodecError, match=f"'{key_id(NEW).decode()}', which TEMPORAL_CODEC_KEYS does not hold"):
        await EncryptionCodec([OLD]).decode([after])


async def test_what_was_never_encrypted_passes() -> None:
    assert await EncryptionCodec([NEW]).decode([PLAIN, Payload()]) == [PLAIN, Payload()]


@pytest.mark.parametrize("place", [0, 11, 12, -1])
async def test_every_changed_byte_is_found(place: int) -> None:
    codec = EncryptionCodec([NEW])
    [sealed] = await codec.encode([PLAIN])
    data = bytearray(sealed.data)
    data[place] ^= 1
    sealed.data = bytes(data)
    with pytest.raises(CodecError, match="was changed"):
        await codec.decode([sealed])


@pytest.mark.parametrize("length", [0, 5, 12, 27])
async def test_a_payload_that_is_cut_off_is_found(length: int) -> None:
    codec = EncryptionCodec([NEW])
    [sealed] = await codec.encode([PLAIN])
    sealed.data = sealed.data[:length]
    with pytest.raises(CodecError, match="cut off"):
        await codec.decode([sealed])


async def test_the_metadata_is_bound_to_the_data() -> None:
    codec = EncryptionCodec([NEW, OLD])
    [sealed] = await codec.encode([PLAIN])
    sealed.metadata["encryption-key-id"] = key_id(OLD)
    with pytest.raises(CodecError, match="was changed"):
        await codec.decode([sealed])
    sealed.metadata["encryption-cipher"] = b"ROT13"
    with pytest.raises(CodecError, match="another cipher"):
        await codec.decode([sealed])
    sealed.metadata["encryption-cipher"] = b"AES-256-GCM"
    sealed.metadata["encryption-key-id"] = b"\xff\x00" * 100
    with pytest.raises(CodecError, match="does not hold"):
        await codec.decode([sealed])


@pytest.mark.parametrize("wrong", ["nonsense!", base64.b64encode(b"short").decode(), "c2hvcnQ", "ключ"])
def test_a_wrong_key_is_told_without_its_value(wrong: str) -> None:
    with pytest.raises(SettingsError) as caught:
        make_codec([SecretStr(new_key()), SecretStr(wrong)])
    assert "TEMPORAL_CODEC_KEYS is wrong: key 2 must be base64 of 32 bytes" in str(caught.value)
    assert wrong not in str(caught.value)


def test_no_key_no_codec_and_no_key_of_another_length() -> None:
    assert make_codec([]) is None
    for keys in ([], [b"short"]):
        with pytest.raises(ValueError, match="32 bytes"):
            EncryptionCodec(keys)


def test_the_command_prints_a_key_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert setup_command.codec_key([]) == 0
    assert make_codec([SecretStr(capsys.readouterr().out.strip())]) is not None


async def test_values_cross_the_converter_in_both_forms() -> None:
    plain, encrypted = settings_for(), settings_for(temporal_codec_keys=new_key())
    value = ProcessInput(entity_type="parcel", entity_id="0190163d-8694-739b-aea5-966c26f8ad91")
    for settings, encoding in ((plain, b"json/plain"), (encrypted, b"binary/encrypted")):
        [payload] = await data_converter(settings).encode([value])
        assert payload.metadata["encoding"] == encoding
        assert await data_converter(encrypted).decode([payload], [ProcessInput]) == [value]
