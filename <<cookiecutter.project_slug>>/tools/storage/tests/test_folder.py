"""Without a bucket; and what is checked before anything is asked."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import stat
import subprocess
import sys
import threading
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from configuration.base import ROOT, SettingsError, load_settings
from configuration.storage import StorageSettings
from tools import storage
from tools.storage.tests.conftest import Make

pytestmark = pytest.mark.anyio


async def test_an_object_is_a_file(make: Make) -> None:
    settings = make()
    stored = await storage.put(settings, "2026/ü 1.html", b"<p>one", content_type="text/html; charset=utf-8")
    path = settings.dev_path / "storage/2026/ü 1.html"
    assert stored == storage.Stored("2026/ü 1.html", path.as_uri(), 6, hashlib.sha256(b"<p>one").hexdigest())
    assert path.read_bytes() == b"<p>one"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert await storage.get(settings, "2026/ü 1.html") == b"<p>one"
    head = await storage.head(settings, "2026/ü 1.html")
    assert (head.key, head.size, head.content_type, head.sha256) == ("2026/ü 1.html", 6, "text/html", None)
    assert abs(datetime.now(UTC) - head.modified) < timedelta(minutes=1)
    uri = await storage.presign(settings, "2026/ü 1.html", timedelta(hours=1))
    assert uri == stored.where
    with urllib.request.urlopen(uri) as opened:
        assert opened.read() == b"<p>one"


async def test_the_same_key_replaces_and_what_is_gone_is_missing(make: Make) -> None:
    settings = make()
    await storage.put(settings, "a/k", b"first and longer")
    await storage.put(settings, "a/k", b"second")
    assert await storage.get(settings, "a/k") == b"second"
    assert await storage.exists(settings, "a/k")
    await storage.delete(settings, "a/k")
    await storage.delete(settings, "a/k")
    for key in ("a/k", "a", "a/k/under", "none"):
        assert not await storage.exists(settings, key)
        with pytest.raises(storage.ObjectMissing):
            await storage.get(settings, key)
        await storage.delete(settings, key)


async def test_a_list_is_of_a_folder_of_keys(make: Make) -> None:
    settings = make()
    assert await storage.list_objects(settings) == []
    for key in ("a/2", "a/1", "a/b/3", "ab/4", "c"):
        await storage.put(settings, key, key.encode())
    (settings.dev_path / "storage/a/.0123456789ab.tmp").write_bytes(b"a half")
    assert [entry.key for entry in await storage.list_objects(settings)] == ["a/1", "a/2", "a/b/3", "ab/4", "c"]
    assert [(entry.key, entry.size) for entry in await storage.list_objects(settings, "a/b")] == [("a/b/3", 5)]
    for none in ("none", "c", "c/d"):
        assert await storage.list_objects(settings, none) == []


async def test_a_reader_sees_the_old_or_the_new_and_never_a_half(make: Make) -> None:
    settings = make()
    contents = [bytes([number]) * 300_000 for number in range(20)]
    await storage.put(settings, "k", contents[0])
    path = settings.dev_path / "storage/k"
    seen, done = set[bytes](), threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.add(path.read_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    await asyncio.gather(*(storage.put(settings, "k", content) for content in contents))
    done.set()
    watcher.join()
    assert seen
    assert seen <= set(contents)
    assert [entry.key for entry in await storage.list_objects(settings)] == ["k"]
    assert {each.name for each in path.parent.iterdir()} == {"k"}


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "is empty"),
        ("/a", "slash"),
        ("a/", "slash"),
        ("a//b", "slash"),
        ("..", "is . or .."),
        ("a/../b", "is . or .."),
        ("a/./b", "is . or .."),
        ("a\\..\\b", "backslash"),
        ("a\nb", "control character"),
        ("a\x00b", "control character"),
        ("a\x7fb", "control character"),
        ("a\u2028b", "control character"),
        ("a\ud800b", "control character"),
        ("ü" * 101, "more than 200 bytes"),
        ("/".join(["x" * 100] * 11), "too long"),
    ],
)
async def test_a_key_that_is_none(make: Make, key: str, words: str) -> None:
    for settings in (make(), make(s3_bucket="reports", s3_endpoint_url="http://127.0.0.1:1")):
        for doing in (
            storage.put(settings, key, b"x"),
            storage.get(settings, key),
            storage.exists(settings, key),
            storage.delete(settings, key),
            storage.presign(settings, key, timedelta(hours=1)),
        ):
            with pytest.raises(storage.StorageError) as caught:
                await doing
            assert str(caught.value).startswith("key ")
            assert words in str(caught.value)
            assert not caught.value.retryable
    assert not make().dev_path.exists()


async def test_a_list_of_a_folder_outside_is_refused(make: Make) -> None:
    with pytest.raises(storage.StorageError, match=r"^prefix has a part that is \. or"):
        await storage.list_objects(make(), "../..")


async def test_the_longest_key(make: Make) -> None:
    settings = make()
    key = "/".join(["x" * 200] * 5)
    await storage.put(settings, key, b"x")
    assert [entry.key for entry in await storage.list_objects(settings)] == [key]


@pytest.mark.parametrize("expires", [timedelta(0), timedelta(seconds=-1), timedelta(days=7, seconds=1)])
async def test_a_link_lives_up_to_seven_days(make: Make, expires: timedelta) -> None:
    with pytest.raises(storage.StorageError, match="from one second to seven days"):
        await storage.presign(make(), "k", expires)


@pytest.mark.parametrize("content_type", ["", "text/html\r\nx-amz-acl: public-read", "tëxt"])
async def test_a_content_type_is_one_line(make: Make, content_type: str) -> None:
    with pytest.raises(storage.StorageError, match="content_type is no content type"):
        await storage.put(make(), "k", b"x", content_type=content_type)


async def test_a_folder_cannot_hold_an_object_and_others_under_it(make: Make) -> None:
    settings = make()
    await storage.put(settings, "a/b", b"x")
    for key in ("a", "a/b/c", "a/b/c/d"):
        with pytest.raises(storage.StorageError, match="choose another") as caught:
            await storage.put(settings, key, b"x")
        assert not caught.value.retryable
    assert [entry.key for entry in await storage.list_objects(settings)] == ["a/b"]


async def test_a_folder_that_cannot_be_written_is_told_with_the_remedy(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(storage.StorageError, match="set S3_BUCKET, or DEV_FOLDER") as caught:
        await storage.put(make(dev_folder=tmp_path / "file"), "k", b"x")
    assert caught.value.retryable


async def test_in_production_a_missing_bucket_is_a_warning(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await storage.put(make(), "k", b"x")
    await storage.put(make(environment="production"), "k", b"x")
    assert [record.levelname for record in caplog.records if "S3_BUCKET is empty" in record.message] == [
        "INFO",
        "WARNING",
    ]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"S3_ENDPOINT_URL": "hunter2"}, "S3_ENDPOINT_URL is wrong: must start with one of http://, https://"),
        (
            {"S3_ENDPOINT_URL": "https://me:hunter2@h", "S3_BUCKET": "reports"},
            "S3_ENDPOINT_URL is wrong: must be a plain",
        ),
        ({"S3_ENDPOINT_URL": "https://h"}, "S3_BUCKET is wrong: must name the bucket, since S3_ENDPOINT_URL is set"),
        (
            {"S3_ACCESS_KEY_ID": "hunter2", "S3_BUCKET": "reports"},
            "S3_SECRET_ACCESS_KEY is wrong: must be set together with S3_ACCESS_KEY_ID",
        ),
        (
            {"S3_SECRET_ACCESS_KEY": "hunter2", "S3_BUCKET": "reports"},
            "S3_SECRET_ACCESS_KEY is wrong: must be set together with S3_ACCESS_KEY_ID",
        ),
        ({"S3_BUCKET": "hunter2/x"}, "S3_BUCKET is wrong: "),
        ({"S3_PREFIX": "../hunter2"}, "S3_PREFIX is wrong: "),
        ({"S3_REGION": "hunter2 x"}, "S3_REGION is wrong: "),
    ],
)
@pytest.mark.usefixtures("make")
def test_wrong_settings_are_one_sentence_without_the_value(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str], sentence: str
) -> None:
    monkeypatch.setitem(StorageSettings.model_config, "env_file", tmp_path / ".env")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings(StorageSettings)
    assert str(caught.value).startswith(sentence)
    assert "hunter2" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_addresses_and_prefixes_lose_their_slashes(make: Make) -> None:
    settings = make(s3_endpoint_url="https://h/", s3_bucket="reports", s3_prefix="/a/b/")
    assert (settings.s3_endpoint_url, settings.s3_prefix) == ("https://h", "a/b")


def test_the_client_is_not_imported_until_a_bucket_is_asked() -> None:
    told = "import sys; from tools import storage; print({'obstore', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_every_setting_is_explained() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = re.findall(r"^(S3_\w+)=", example, flags=re.MULTILINE)
    assert sorted(named) == sorted(name.upper() for name in StorageSettings.model_fields if name.startswith("s3_"))
    assert all(field.description for field in StorageSettings.model_fields.values())
