"""Against a real S3 server: rclone's."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from configuration.base import ROOT
from configuration.storage import StorageSettings
from tools import storage
from tools.storage.tests.conftest import Make
from tools.storage.tests.servers import RealS3, changed_line, needs_s3

pytestmark = [pytest.mark.anyio, pytest.mark.integration, pytest.mark.slow, needs_s3]

HTML = "text/html; charset=utf-8"


def fetched(url: str) -> tuple[bytes, str]:
    """What a plain program gets from a link, and its content type."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read(), answer.headers["Content-Type"]


async def test_an_object_is_kept_read_told_of_and_removed(bucket: StorageSettings, s3: RealS3) -> None:
    stored = await storage.put(bucket, "2026/11.html", b"<p>one", content_type=HTML)
    assert stored.where == f"s3://reports/{bucket.s3_prefix}/2026/11.html"
    assert (stored.key, stored.size) == ("2026/11.html", 6)
    assert (s3.folder / "reports" / bucket.s3_prefix / "2026/11.html").read_bytes() == b"<p>one"
    assert await storage.get(bucket, "2026/11.html") == b"<p>one"
    head = await storage.head(bucket, "2026/11.html")
    assert (head.key, head.size, head.content_type, head.sha256) == ("2026/11.html", 6, HTML, stored.sha256)
    assert abs(datetime.now(UTC) - head.modified) < timedelta(minutes=1)
    assert await storage.exists(bucket, "2026/11.html")
    await storage.delete(bucket, "2026/11.html")
    await storage.delete(bucket, "2026/11.html")
    assert not await storage.exists(bucket, "2026/11.html")
    with pytest.raises(storage.ObjectMissing) as caught:
        await storage.get(bucket, "2026/11.html")
    assert (caught.value.status, caught.value.retryable) == (404, False)


async def test_the_same_key_replaces(bucket: StorageSettings) -> None:
    await storage.put(bucket, "k", b"first and longer", content_type=HTML)
    await storage.put(bucket, "k", b"second", content_type="application/json")
    assert await storage.get(bucket, "k") == b"second"
    assert (await storage.head(bucket, "k")).content_type == "application/json"
    assert [(entry.key, entry.size) for entry in await storage.list_objects(bucket)] == [("k", 6)]


@pytest.mark.parametrize(
    "key",
    ["ü/größe 😀.html", "a b+c&d=e?f#g%20%.txt", 'it\'s "q" <x>*.txt', "e\u0301/\u00e9", "." * 3, "~/-", "x" * 200],
)
async def test_any_sign_in_a_key(bucket: StorageSettings, key: str) -> None:
    data = key.encode()
    await storage.put(bucket, key, data, content_type="text/plain")
    assert await storage.get(bucket, key) == data
    assert [entry.key for entry in await storage.list_objects(bucket)] == [key]
    assert fetched(await storage.presign(bucket, key, timedelta(minutes=1))) == (data, "text/plain")
    await storage.delete(bucket, key)
    assert await storage.list_objects(bucket) == []


async def test_a_list_is_of_a_folder_of_keys(bucket: StorageSettings) -> None:
    for key in ("a/2", "a/1", "a/b/3", "ab/4", "c"):
        await storage.put(bucket, key, b"x")
    assert [entry.key for entry in await storage.list_objects(bucket)] == ["a/1", "a/2", "a/b/3", "ab/4", "c"]
    assert [entry.key for entry in await storage.list_objects(bucket, "a")] == ["a/1", "a/2", "a/b/3"]
    assert await storage.list_objects(bucket, "none") == []


async def test_a_link_reads_without_keys_until_it_expires(bucket: StorageSettings) -> None:
    await storage.put(bucket, "report.html", b"<p>", content_type=HTML)
    url = await storage.presign(bucket, "report.html", timedelta(seconds=1))
    assert fetched(url) == (b"<p>", HTML)
    assert bucket.s3_secret_access_key is not None
    assert bucket.s3_secret_access_key.get_secret_value() not in url
    for wrong in (url.partition("?")[0], url.replace("report.html", "other.html")):
        with pytest.raises(urllib.error.HTTPError):
            fetched(wrong)
    await asyncio.sleep(2.1)
    with pytest.raises(urllib.error.HTTPError):
        fetched(url)


async def test_a_link_is_for_the_public_address(make: Make, bucket: StorageSettings, s3: RealS3) -> None:
    port = urlsplit(s3.url).port
    await storage.put(bucket, "k", b"x")
    public = make(**s3.settings(), s3_prefix=bucket.s3_prefix, s3_public_url=f"http://localhost:{port}/")
    url = await storage.presign(public, "k", timedelta(minutes=1))
    assert url.startswith(f"http://localhost:{port}/reports/")
    assert fetched(url)[0] == b"x"


async def test_a_hundred_at_a_time(bucket: StorageSettings) -> None:
    keys = [f"many/{number:03}" for number in range(100)]
    stored = await asyncio.gather(*(storage.put(bucket, key, key.encode() * 100) for key in keys))
    assert len({each.sha256 for each in stored}) == 100
    assert [entry.key for entry in await storage.list_objects(bucket, "many")] == keys
    read = await asyncio.gather(*(storage.get(bucket, key) for key in keys))
    assert read == [key.encode() * 100 for key in keys]


async def test_who_is_overtaken_under_the_same_key_is_told_so_or_was_first(bucket: StorageSettings) -> None:
    """The test's server, unlike S3, may answer with the entity tag of a put that overtook this one."""
    contents = [bytes([number]) * 100_000 for number in range(20)]
    done = await asyncio.gather(*(storage.put(bucket, "k", one) for one in contents), return_exceptions=True)
    told = [str(outcome) for outcome in done if isinstance(outcome, BaseException)]
    assert set(told) <= {"S3 has other bytes than were put: put it again."}
    await storage.put(bucket, "k", contents[0])
    assert await storage.get(bucket, "k") == contents[0]


LARGE = """
import asyncio, resource, sys
from configuration.base import load_settings
from configuration.base import ROOT
from configuration.storage import StorageSettings
from tools import storage

def peak():
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // 2**20 if sys.platform == "darwin" else most // 2**10

async def main():
    settings = load_settings(StorageSettings)
    await storage.put(settings, "large", b"small")
    data = bytes(range(256)) * (50 * 2**20 // 256)
    before = peak()
    await storage.put(settings, "large", data, timeout_seconds=60)
    put = peak()
    same = await storage.get(settings, "large", timeout_seconds=60) == data
    print(same, put - before, peak() - put)

asyncio.run(main())
"""


async def test_a_large_object_takes_little_more_memory_than_itself(bucket: StorageSettings, s3: RealS3) -> None:
    given = {**s3.settings(), "s3_prefix": bucket.s3_prefix, "env_file": os.devnull}
    env = {**os.environ, "PYTHONPATH": str(ROOT), **{name.upper(): value for name, value in given.items()}}
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", LARGE], env=env, capture_output=True, text=True, check=True
    )
    same, put, get = done.stdout.split()
    assert same == "True"
    assert int(put) < 25, "MB more for 50 MB: put copies nothing"
    assert int(get) < 125, "MB more for 50 MB: get holds what came, and the bytes made of it"


async def test_what_was_changed_on_the_way_is_noticed(make: Make, s3: RealS3) -> None:
    port = urlsplit(s3.url).port
    assert port is not None
    with changed_line(port, b"genuine", b"Genuine") as url:
        settings = make(**{**s3.settings(), "s3_endpoint_url": url})
        await storage.put(settings, "other", b"something")
        with pytest.raises(storage.StorageError, match="has other bytes than were put") as caught:
            await storage.put(settings, "changed", b"genuine" * 1000)
    assert caught.value.retryable


async def test_what_was_changed_on_the_way_back_is_noticed(make: Make, bucket: StorageSettings, s3: RealS3) -> None:
    port = urlsplit(s3.url).port
    assert port is not None
    await storage.put(bucket, "k", b"genuine" * 1000)
    with changed_line(port, b"genuine", b"Genuine") as url:
        settings = make(**{**s3.settings(), "s3_endpoint_url": url}, s3_prefix=bucket.s3_prefix)
        with pytest.raises(storage.StorageError, match="has other bytes than were put") as caught:
            await storage.get(settings, "k")
    assert caught.value.retryable


async def test_what_something_else_wrote_is_read(bucket: StorageSettings, s3: RealS3) -> None:
    path = s3.folder / "reports" / bucket.s3_prefix / "by-hand.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"hello")
    assert await storage.get(bucket, "by-hand.txt") == b"hello"
    assert (await storage.head(bucket, "by-hand.txt")).sha256 is None


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({"s3_access_key_id": "NOBODY"}, 403, "InvalidAccessKeyId): the key does not exist: check S3_ACCESS_KEY_ID"),
        ({"s3_secret_access_key": "hunter2"}, 403, "the secret is wrong: check S3_SECRET_ACCESS_KEY"),
        ({"s3_bucket": "nowhere"}, 404, "the bucket does not exist: make it, or check S3_BUCKET"),
    ],
)
async def test_wrong_settings(make: Make, s3: RealS3, given: dict[str, str], status: int, words: str) -> None:
    settings = make(**{**s3.settings(), **given})
    for doing in (
        storage.put(settings, "Zebulon", b"Zebulon"),
        storage.get(settings, "Zebulon"),
        storage.delete(settings, "Zebulon"),
        storage.list_objects(settings, "Zebulon"),
    ):
        with pytest.raises(storage.StorageError) as caught:
            await doing
        assert words in str(caught.value)
        for secret in ("Zebulon", "hunter2", s3.secret, "\n"):
            assert secret not in str(caught.value)
        assert (caught.value.status, caught.value.retryable, caught.value.uncertain) == (status, False, False)
        assert not isinstance(caught.value, storage.ObjectMissing)


async def test_other_variables_of_amazon_change_nothing(
    bucket: StorageSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_SESSION_TOKEN": "of another key",
        "AWS_ACCESS_KEY_ID": "another",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_BUCKET": "another",
    }.items():
        monkeypatch.setenv(name, value)
    await storage.put(bucket, "k", b"x")
    assert await storage.get(bucket, "k") == b"x"


async def test_the_environment_can_hold_the_identity(make: Make, s3: RealS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.secret)
    settings = make(s3_endpoint_url=s3.url, s3_bucket="reports", s3_prefix="identity")
    await storage.put(settings, "k", b"x")
    assert fetched(await storage.presign(settings, "k", timedelta(minutes=1)))[0] == b"x"
