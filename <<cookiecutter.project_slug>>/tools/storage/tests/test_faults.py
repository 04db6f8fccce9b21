"""Against servers that answer as S3 does when something is wrong, and servers that are none."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import ssl
import struct
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from configuration.storage import StorageSettings
from tools import storage
from tools.storage.tests.conftest import Make
from tools.storage.tests.servers import Ordered, free_port, ordered, raw_server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SECRET = "hunter2hunter2"


def at(make: Make, url: str) -> StorageSettings:
    return make(
        s3_endpoint_url=url,
        s3_access_key_id="AKID",
        s3_secret_access_key=SECRET,
        s3_bucket="reports",
        s3_region="us-east-1",
    )


async def refused(settings: StorageSettings, doing: str = "put", *, limit: float = 5.0) -> storage.StorageError:
    """The error of putting or getting, which is one sentence without key, content or secret."""

    def asked() -> Awaitable[object]:
        if doing == "put":
            return storage.put(settings, "Zebulon", b"content", timeout_seconds=limit)
        return storage.get(settings, "Zebulon", timeout_seconds=limit)

    with pytest.raises(storage.StorageError) as caught:
        await asked()
    error = caught.value
    for word in ("Zebulon", "content ", SECRET, "AKID", "\n"):
        assert word not in str(error)
    assert str(error).endswith(".")
    assert error.__cause__ is None
    assert error.__suppress_context__
    return error


def answer(server: Ordered, status: int, code: str) -> None:
    server.status = status
    server.body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>of AKID, Zebulon</Message></Error>"


@pytest.mark.parametrize(
    ("status", "code", "retryable", "uncertain", "words"),
    [
        (403, "InvalidAccessKeyId", False, False, "check S3_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", False, False, "check S3_SECRET_ACCESS_KEY"),
        (403, "AccessDenied", False, False, "may not do this"),
        (403, "ExpiredToken", False, False, "temporary keys ended"),
        (403, "RequestTimeTooSkewed", False, False, "clock"),
        (403, "Zebulon", False, False, "(403): check S3_ACCESS_KEY_ID"),
        (401, "", False, False, "S3_SECRET_ACCESS_KEY"),
        (301, "PermanentRedirect", False, False, "S3_REGION"),
        (400, "AuthorizationHeaderMalformed", False, False, "S3_REGION"),
        (404, "NoSuchBucket", False, False, "check S3_BUCKET"),
        (404, "", False, False, "check S3_BUCKET"),
        (400, "EntityTooLarge", False, False, "too large"),
        (400, "BadDigest", True, False, "other bytes than were sent"),
        (400, "XAmzContentSHA256Mismatch", True, False, "other bytes than were sent"),
        (400, "Zebulon", False, False, "(400): check the S3_ settings"),
        (429, "TooManyRequests", True, False, "asked too often (429, TooManyRequests)"),
        (503, "SlowDown", True, False, "asked too often (503, SlowDown)"),
        (500, "InternalError", True, True, "fault of its own (500)"),
        (502, "", True, True, "fault of its own (502)"),
        (507, "XMinioStorageFull", False, False, "make room"),
    ],
)
async def test_what_s3_refuses(
    make: Make, status: int, code: str, retryable: bool, uncertain: bool, words: str
) -> None:
    with ordered() as server:
        answer(server, status, code)
        error = await refused(at(make, server.url))
        assert words in str(error)
        assert (error.retryable, error.uncertain, error.status) == (retryable, uncertain, status)
        tries = 3 if status >= 500 or status == 429 else 1
        assert len(server.requests) == tries, "a server's own fault is tried again"


async def test_reading_is_never_uncertain(make: Make) -> None:
    with ordered() as server:
        answer(server, 500, "InternalError")
        error = await refused(at(make, server.url), "get")
        assert (error.retryable, error.uncertain) == (True, False)


async def test_an_object_that_is_not_there_is_told_from_a_bucket_that_is_not(make: Make) -> None:
    with ordered() as server:
        answer(server, 404, "NoSuchKey")
        assert isinstance(await refused(at(make, server.url), "get"), storage.ObjectMissing)
        answer(server, 404, "NoSuchBucket")
        assert not isinstance(await refused(at(make, server.url), "get"), storage.ObjectMissing)


async def test_what_is_sent_for_the_server_to_check(make: Make) -> None:
    data = b"what is sent"
    with ordered() as server:
        # Its entity tag is no MD5, and what it gives back is empty.
        with pytest.raises(storage.StorageError, match="other bytes than were put"):
            await storage.put(at(make, server.url), "a/ü.html", data, content_type="text/html; charset=utf-8")
        method, path, headers, body = server.requests[0]
    assert (method, path, body) == ("PUT", "/reports/a/%C3%BC.html", data)
    assert headers["x-amz-checksum-sha256"] == base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert headers["x-amz-content-sha256"] == hashlib.sha256(data).hexdigest()
    assert headers["x-amz-meta-sha256"] == hashlib.sha256(data).hexdigest()
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "x-amz-checksum-sha256;x-amz-content-sha256" in headers["authorization"], "both are signed"


async def test_nobody_is_there(make: Make) -> None:
    error = await refused(at(make, f"http://127.0.0.1:{free_port()}"))
    assert "S3_ENDPOINT_URL cannot be reached" in str(error)
    assert (error.retryable, error.uncertain) == (True, False)
    error = await refused(at(make, "http://nobody.invalid"))
    assert (error.retryable, error.uncertain) == (True, False)


@pytest.mark.parametrize(("doing", "uncertain"), [("put", True), ("get", False)])
async def test_a_server_that_says_nothing_is_waited_for_no_longer_than_allowed(
    make: Make, doing: str, uncertain: bool
) -> None:
    with raw_server(lambda _: time.sleep(3)) as port:
        began = time.monotonic()
        error = await refused(at(make, f"http://127.0.0.1:{port}"), doing, limit=0.5)
        assert time.monotonic() - began < 1.5
    assert str(error) == "S3 did not answer within 0.5 s."
    assert (error.retryable, error.uncertain) == (True, uncertain)


async def test_further_tries_take_no_longer_than_allowed(make: Make) -> None:
    with ordered() as server:
        answer(server, 500, "InternalError")
        server.delay_seconds = 0.8
        began = time.monotonic()
        error = await refused(at(make, server.url), limit=1.0)
        assert time.monotonic() - began < 1.5
    assert (error.retryable, error.uncertain) == (True, True)


async def test_a_body_that_never_ends_is_bounded_too(make: Make) -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b'HTTP/1.1 200 OK\r\nETag: "x"\r\nLast-Modified: Thu, 26 Nov 2026 00:16:16 GMT\r\n')
        connection.sendall(b"Content-Length: 1000\r\n\r\n")
        for _ in range(30):
            connection.sendall(b"x")
            time.sleep(0.1)

    with raw_server(drip) as port:
        began = time.monotonic()
        error = await refused(at(make, f"http://127.0.0.1:{port}"), "get", limit=0.5)
        assert time.monotonic() - began < 1.5
    assert error.retryable


def reset(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def close(connection: socket.socket) -> None:
    connection.recv(65536)


@pytest.mark.parametrize("handle", [reset, close])
@pytest.mark.parametrize(("doing", "uncertain"), [("put", True), ("get", False)])
async def test_a_connection_that_breaks(
    make: Make, handle: Callable[[socket.socket], None], doing: str, uncertain: bool
) -> None:
    with raw_server(handle) as port:
        error = await refused(at(make, f"http://127.0.0.1:{port}"), doing)
    assert "broke off" in str(error)
    assert (error.retryable, error.uncertain) == (True, uncertain)


async def test_a_server_that_is_no_s3(make: Make) -> None:
    def ssh(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"SSH-2.0-OpenSSH\r\n")

    def page(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")

    for handle in (ssh, page):
        with raw_server(handle) as port:
            error = await refused(at(make, f"http://127.0.0.1:{port}"))
        assert "S3_ENDPOINT_URL" in str(error)
        assert (error.retryable, error.uncertain) == (False, True)


async def test_tls(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    def secured(host: str) -> Callable[[socket.socket], None]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(context)

        def serve(connection: socket.socket) -> None:
            with context.wrap_socket(connection, server_side=True) as safe:
                safe.recv(65536)
                tag = hashlib.md5(b"content", usedforsecurity=False).hexdigest()
                safe.sendall(f'HTTP/1.1 200 OK\r\nETag: "{tag}"\r\nContent-Length: 0\r\n\r\n'.encode())

        return serve

    with raw_server(secured("127.0.0.1")) as port:
        error = await refused(at(make, f"https://127.0.0.1:{port}"))
        assert "is not trusted: check the address, or name its authority's file in SSL_CERT_FILE" in str(error)
        assert (error.retryable, error.uncertain) == (False, False)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        trusting = at(make, f"https://127.0.0.1:{port}/")  # settings of their own, so a client of its own
        await storage.put(trusting, "k", b"content", timeout_seconds=6)
    with raw_server(secured("elsewhere.example")) as port:
        error = await refused(at(make, f"https://127.0.0.1:{port}"), limit=6.5)
        assert "is not trusted" in str(error)
    with ordered() as server:
        error = await refused(at(make, server.url.replace("http://", "https://")))
        assert "whether it is http:// or https://" in str(error)
        assert (error.retryable, error.uncertain) == (False, False)


async def test_no_identity(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    with ordered() as server:
        settings = make(s3_endpoint_url=server.url, s3_bucket="reports")
        error = await refused(settings)
        assert "set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or give this machine a role" in str(error)
        assert error.retryable
        assert not error.uncertain
        assert server.requests == []


async def test_a_caller_that_gives_up_is_let_go(make: Make) -> None:
    with raw_server(lambda _: time.sleep(3)) as port:
        settings = at(make, f"http://127.0.0.1:{port}")
        task = asyncio.create_task(storage.put(settings, "k", b"x"))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
