"""What only a real server and real sockets show."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from api.send import send
from api.tests.conftest import settings_of
from api.tests.servers import Server, serving
from api.tests.support import FORM, signed_headers
from settings import DEFAULT_DATABASE_URL, ROOT

pytestmark = pytest.mark.anyio

MAX_BODY = 100_000


async def talk(server: Server, *parts: bytes) -> tuple[int, bytes]:
    """Write the parts on a new connection; return the status and all that came until the server closed it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    async with asyncio.timeout(60):
        answer = b""
        while chunk := await reader.read(65536):
            answer += chunk
    writer.close()
    return int(answer[9:12]), answer


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """The application as the README starts it, on an empty SQLite file."""
    folder = tmp_path_factory.mktemp("server")
    url = f"sqlite+aiosqlite:///{folder}/app.db"
    async with serving(url, folder, MAX_BODY_BYTES=str(MAX_BODY), RAW_POOL_SIZE="1") as server:
        yield server


def request(body: bytes, *more: str, length: bool = True) -> bytes:
    lines = ["POST /webhooks/submit HTTP/1.1", "host: x", "connection: close"]
    lines += [f"{name}: {value}" for name, value in signed_headers(body).items()]
    lines += [f"content-length: {len(body)}"] if length else []
    return ("\r\n".join([*lines, *more]) + "\r\n\r\n").encode()


def chunked(body: bytes, size: int) -> list[bytes]:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces] + [b"0\r\n\r\n"]


async def test_a_chunked_body_is_taken(server: Server) -> None:
    body = json.dumps(FORM).encode()
    head = request(body, "transfer-encoding: chunked", length=False)
    status, answer = await talk(server, head, *chunked(body, 7))
    assert status == 202, answer


async def test_a_large_body_is_refused_before_it_is_sent(server: Server) -> None:
    body = json.dumps({**FORM, "text": "x" * MAX_BODY}).encode()
    status, answer = await talk(server, request(body))
    assert status == 413
    assert b"application/problem+json" in answer


async def test_a_body_without_end_is_refused_at_the_limit(server: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request(b"{}", "x-request-id: endless", "transfer-encoding: chunked", length=False))
    piece, sent = b"10000\r\n" + b"x" * 65536 + b"\r\n", 0
    with suppress(ConnectionError):
        # 64 MB would go, were they taken.
        for _ in range(1000):
            writer.write(piece)
            await writer.drain()
            sent += 1
    assert sent < 200
    with suppress(ConnectionError):
        # The reset may overtake the answer on its way; the log has it in any case.
        assert (await reader.read(65536)).startswith(b"HTTP/1.1 413")
    writer.close()
    [line] = [line for line in server.log.read_text().splitlines() if '"endless"' in line]
    assert json.loads(line)["status"] == 413


@pytest.mark.parametrize(
    "broken",
    [
        b"POST /webhooks/submit HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /webhooks/submit HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
        b"POST /webhooks/submit HTTP/1.1\r\nhost: x\r\ncontent-length: " + b"9" * 30 + b"\r\n\r\n",
        b"POST /webhooks/submit HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST /webhooks/submit HTTP/1.1\r\nhost: x\r\nx: \x00\r\n\r\n",
        b"NONSENSE\r\n\r\n",
    ],
)
async def test_a_broken_request_is_a_fault_of_the_client(server: Server, broken: bytes) -> None:
    status, _ = await talk(server, broken)
    assert 400 <= status < 500


async def test_a_sender_that_goes_away_leaves_nothing_behind(server: Server) -> None:
    body = json.dumps(FORM).encode()
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request(body) + body[:20])
    await writer.drain()
    writer.close()
    status, _ = await talk(server, request(body), body)
    assert status == 202
    assert '"level": "error"' not in server.log.read_text()


async def test_a_webhook_is_sent_by_hand_and_waited_for(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    settings = settings_of(DEFAULT_DATABASE_URL)
    path, body = "/webhooks/submit", json.dumps(FORM)
    assert await asyncio.to_thread(send, settings, server.base, path, body, webhook_id=None, wait=60) == 0
    told = capsys.readouterr().out
    assert told.startswith('202 {"id"')
    assert '"status": "complete"' in told
    assert await asyncio.to_thread(send, settings, server.base, path, "{}", webhook_id=None, wait=60) == 1
    assert capsys.readouterr().out.startswith("422 ")


async def test_every_line_of_the_log_is_json_and_the_end_is_clean(server: Server) -> None:
    assert await server.stop() in (0, -signal.SIGTERM)
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert {"uvicorn.error", "api.access", "api.schema"} <= {line["logger"] for line in lines}
    assert FORM["email"] not in server.log.read_text()


async def test_a_wrong_setting_is_told_in_one_sentence() -> None:
    with tempfile.TemporaryDirectory() as folder:
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "WEBHOOK_SECRETS": "whsec_,whsec_x", "HOME": folder}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "uvicorn", "api.main:app", cwd=ROOT, env=env, stderr=asyncio.subprocess.PIPE
        )
        _, told = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert told.decode() == "WEBHOOK_SECRETS is wrong: number 1 is not whsec_ followed by base64.\n"
