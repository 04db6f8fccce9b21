from __future__ import annotations

import time

import pytest

from configuration.storage import StorageSettings
from tools import storage
from tools.checking import Finding
from tools.storage.doctor import SETTINGS, check, state
from tools.storage.tests.conftest import Make
from tools.storage.tests.servers import RealS3, free_port, needs_s3, ordered, raw_server

pytestmark = pytest.mark.anyio


async def test_without_a_bucket_there_is_nothing_to_try(make: Make) -> None:
    assert SETTINGS is StorageSettings
    assert state(make()).kind == "default"
    assert await check(make()) == []


def test_the_state_names_the_service_and_no_secret(make: Make) -> None:
    keys = {"s3_access_key_id": "AKID", "s3_secret_access_key": "hunter2"}
    told = state(make(**keys, s3_bucket="reports", s3_endpoint_url="https://s3.example.com:9000"))
    assert (told.kind, told.detail) == ("configured", "Objects go to the bucket reports of s3.example.com.")
    told = state(make(s3_bucket="reports"))
    assert told.detail == "Objects go to the bucket reports of Amazon S3, by the platform's own identity."


@pytest.mark.integration
@pytest.mark.slow
@needs_s3
async def test_a_bucket_that_works(bucket: StorageSettings) -> None:
    (finding,) = await check(bucket)
    assert finding.ok
    assert finding.detail.startswith("A small object was put, read and removed in ")
    assert await storage.list_objects(bucket) == []


@pytest.mark.integration
@pytest.mark.slow
@needs_s3
@pytest.mark.parametrize(
    ("given", "detail", "remedy"),
    [
        (
            {"s3_secret_access_key": "hunter2"},
            "S3 refused it (403, SignatureDoesNotMatch): the secret is wrong.",
            "Check S3_SECRET_ACCESS_KEY.",
        ),
        (
            {"s3_bucket": "nowhere"},
            "S3 refused it (404, NoSuchBucket): the bucket does not exist.",
            "Make it, or check S3_BUCKET.",
        ),
    ],
)
async def test_a_bucket_that_does_not(make: Make, s3: RealS3, given: dict[str, str], detail: str, remedy: str) -> None:
    (finding,) = await check(make(**{**s3.settings(), **given}))
    assert finding == Finding("put", False, detail, remedy)


@pytest.mark.slow
async def test_servers_that_are_away_slow_or_busy(make: Make) -> None:
    keys = {"s3_access_key_id": "AKID", "s3_secret_access_key": "hunter2", "s3_bucket": "reports"}
    (finding,) = await check(make(**keys, s3_endpoint_url=f"http://127.0.0.1:{free_port()}"))
    assert (finding.ok, "may reach it" in finding.remedy) == (False, True)
    with raw_server(lambda _: time.sleep(12)) as port:
        began = time.monotonic()
        (finding,) = await check(make(**keys, s3_endpoint_url=f"http://127.0.0.1:{port}"))
        assert time.monotonic() - began < 10
    assert not finding.ok
    with ordered() as server:
        server.status, server.body = 503, "<Error><Code>SlowDown</Code></Error>"
        (finding,) = await check(make(**keys, s3_endpoint_url=server.url))
    assert finding.remedy.startswith("Wait and run this again")
