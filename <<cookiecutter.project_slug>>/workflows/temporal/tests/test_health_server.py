from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from settings import SettingsError
from workflows.temporal import health
from workflows.temporal.health import Answer, HealthServer

pytestmark = pytest.mark.anyio


async def _ok() -> Answer:
    return Answer.text(200, "ok")


async def _broken() -> Answer:
    raise RuntimeError("broken")


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    async with HealthServer("127.0.0.1", 0, {"/livez": _ok, "/broken": _broken}) as server:
        yield server.port


async def ask(port: int, data: bytes) -> bytes:
    """Send these bytes; return all that comes until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("request_line", "status", "body"),
    [
        (b"GET /livez HTTP/1.1", b"200 OK", b"ok\n"),
        (b"GET /livez?verbose=1 HTTP/1.0", b"200 OK", b"ok\n"),
        (b"HEAD /livez HTTP/1.1", b"200 OK", b""),
        (b"GET /nothing HTTP/1.1", b"404 Not Found", b"There is /livez, /broken.\n"),
        (b"HEAD /nothing HTTP/1.1", b"404 Not Found", b""),
        (b"POST /livez HTTP/1.1", b"405 Method Not Allowed", b"Only GET and HEAD are answered.\n"),
        (b"hello", b"400 Bad Request", b"This is not a request in HTTP/1.\n"),
        (b"\x16\x03\x01\x00\xff\xfe", b"400 Bad Request", b"This is not a request in HTTP/1.\n"),
        (b"GET /livez HTTP/2.0", b"400 Bad Request", b"This is not a request in HTTP/1.\n"),
    ],
)
async def test_answers(request_line: bytes, status: bytes, body: bytes) -> None:
    async with serving() as port:
        answer = await ask(port, request_line + b"\r\nHost: x\r\n\r\n")
    head, _, found = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status)
    assert found == body


async def test_garbage_and_huge_requests_are_ended() -> None:
    async with serving() as port:
        assert (await ask(port, b"GET /" + b"x" * 100_000 + b"\r\n\r\n"))[:12] in (b"", b"HTTP/1.1 400")
        assert (await ask(port, b"x" * 1_000_000))[:12] in (b"", b"HTTP/1.1 400")
        assert await ask(port, b"GET /broken HTTP/1.1\r\n\r\n") == b""
        assert b"200 OK" in await ask(port, b"GET /livez HTTP/1.1\r\n\r\n")


async def test_slow_senders_do_not_keep_others_out_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_SECONDS", 0.5)
    async with serving() as port:
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(100)]
        for _, writer in slow:
            writer.write(b"GET /li")
        async with asyncio.timeout(10):
            while b"200 OK" not in await ask(port, b"GET /livez HTTP/1.1\r\n\r\n"):
                await asyncio.sleep(0.05)
        for reader, writer in slow:
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await asyncio.wait_for(reader.readexactly(1), 5)
            writer.close()


async def test_a_taken_port_is_told_in_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError, match=r"cannot listen on port \d+ \(Address already in use\)"):
            async with HealthServer("127.0.0.1", taken.getsockname()[1], {}):
                pass
    with pytest.raises(SettingsError, match="WORKER_HEALTH_HOST"):
        async with HealthServer("nowhere.invalid", 0, {}):
            pass
