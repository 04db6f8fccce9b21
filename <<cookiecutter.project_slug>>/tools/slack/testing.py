"""Slack's incoming webhook for tests and demos: a server that keeps what it gets, and fails on order."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Fault:
    """What a message meets: a pause, then an error answer (`body` in Slack's words), or a broken connection.

    `done` takes the message first, so that only the answer is lost.
    """

    status: int = 0
    body: str = "on order"
    retry_after: int | None = None
    delay_seconds: float = 0.0
    reset: bool = False
    done: bool = False


@dataclass
class FakeSlack:
    """A server that runs: what SLACK_WEBHOOK_URL must be, the messages it took, and how many it was sent."""

    url: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0
    path: str = field(default_factory=lambda: f"/services/T{secrets.token_hex(5)}/B{secrets.token_hex(5)}/token")
    _faults: deque[Fault] = field(default_factory=deque)

    def fail(self, fault: Fault, *, times: int = 1) -> None:
        """Let the next messages meet a fault."""
        self._faults.extend([fault] * times)

    def next_fault(self) -> Fault | None:
        """Take the next fault."""
        return self._faults.popleft() if self._faults else None


@asynccontextmanager
async def fake_slack() -> AsyncIterator[FakeSlack]:
    """Run a Slack on a free port of 127.0.0.1, in this event loop."""
    fake = FakeSlack()
    app = web.Application()
    app.router.add_post("/{path:.*}", partial(_take, fake))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        listening = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(runner, listening).start()
        fake.url = f"http://127.0.0.1:{listening.getsockname()[1]}{fake.path}"
        yield fake
    finally:
        await runner.cleanup()


async def _take(fake: FakeSlack, request: web.Request) -> web.Response:
    fake.requests += 1
    body = await request.read()
    fault = fake.next_fault()
    if fault is None or fault.done or not (fault.status or fault.reset):
        answer = _answered(fake, request, body)
        if fault is None:
            return answer
    else:
        answer = web.Response()
    await asyncio.sleep(fault.delay_seconds)
    if fault.reset:
        if request.transport is not None:
            connection = request.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.transport.abort()
        return web.Response()
    if fault.status:
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return web.Response(status=fault.status, text=fault.body, headers=headers)
    return answer


def _answered(fake: FakeSlack, request: web.Request, body: bytes) -> web.Response:
    if request.path != fake.path:
        return web.Response(status=404, text="no_service")
    try:
        message = json.loads(body)
    except ValueError:
        return web.Response(status=400, text="invalid_payload")
    if not isinstance(message, dict) or not (message.get("text") or message.get("blocks")):
        return web.Response(status=400, text="no_text")
    if len(message.get("blocks") or []) > 50:
        return web.Response(status=400, text="invalid_blocks")
    fake.messages.append(message)
    return web.Response(text="ok")
