"""An OpenAI-compatible server for tests and demos: it keeps what it gets, answers as it is told, and fails on order."""

from __future__ import annotations

import json
import secrets
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request gets: an answer (JSON as a value, or any text), after a pause; an error; or a broken connection.

    `prompt_tokens` and `completion_tokens` are what the server says it counted. `model` is the name that it answers
    under, if not the one asked for.
    """

    answer: Any = ""
    status: int = 200
    code: str = "on_order"
    retry_after: float | None = None
    delay_seconds: float = 0.0
    reset: bool = False
    finish_reason: str = ""
    prompt_tokens: int = 100
    completion_tokens: int = 50
    model: str = ""

    @property
    def text(self) -> str:
        """The answer as text."""
        return self.answer if isinstance(self.answer, str) else json.dumps(self.answer)


@dataclass
class FakeOpenAI:
    """A server that runs: what LLM_BASE_URL and LLM_API_KEY must be, its one model, and the bodies of the requests."""

    url: str = ""
    model: str = "small"
    key: str = field(default_factory=lambda: f"sk-{secrets.token_hex(16)}")
    requests: list[dict[str, Any]] = field(default_factory=list)
    _replies: deque[Reply] = field(default_factory=deque)
    _last: Reply = field(default_factory=Reply)

    def settings(self, **more: Any) -> dict[str, Any]:
        """Return the settings that lead here, by field."""
        return {"llm_model": f"openai:{self.model}", "llm_base_url": self.url, "llm_api_key": self.key, **more}

    def say(self, *replies: Reply) -> None:
        """Let the next requests get these replies; the last one also stands for all that follow."""
        self._replies = deque(replies)

    def next_reply(self) -> Reply:
        """Take the next reply."""
        if self._replies:
            self._last = self._replies.popleft()
        return self._last


@contextmanager
def fake_openai() -> Iterator[FakeOpenAI]:
    """Run a server on a free port of 127.0.0.1, in threads of its own."""
    fake = FakeOpenAI()

    class Handler(_Handler):
        server_state = fake

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: FakeOpenAI

    def do_POST(self) -> None:
        fake = self.server_state
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        except ValueError:
            return self._refuse(400, "invalid_json")
        fake.requests.append(body)
        if self.path != "/v1/chat/completions":
            return self._refuse(404, "unknown_url")
        if self.headers.get("authorization") != f"Bearer {fake.key}":
            return self._refuse(401, "invalid_api_key")
        if body.get("model") != fake.model:
            return self._refuse(404, "model_not_found")
        reply = fake.next_reply()
        time.sleep(reply.delay_seconds)
        if reply.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return None
        if reply.status != 200:
            return self._refuse(reply.status, reply.code, reply.retry_after)
        return self._send(200, _completion(body, reply))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Write nothing to stderr."""

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):  # the client went away, or the connection was reset on order
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            self.close_connection = True

    def _refuse(self, status: int, code: str, retry_after: float | None = None) -> None:
        # Real servers quote the request in their errors; nothing of it may come out at the other end.
        error = {"message": f"{code}: Zebulon", "type": "invalid_request_error", "param": None, "code": code}
        headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
        self._send(status, {"error": error}, headers)

    def _send(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)


def _completion(body: dict[str, Any], reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None}
    tools = body.get("tools")
    if tools:
        function = {"name": tools[0]["function"]["name"], "arguments": reply.text}
        message["tool_calls"] = [{"id": f"call_{secrets.token_hex(6)}", "type": "function", "function": function}]
    else:
        message["content"] = reply.text
    reason = reply.finish_reason or ("tool_calls" if tools else "stop")
    return {
        "id": f"chatcmpl-{secrets.token_hex(8)}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": reply.model or body["model"],
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": reason}],
        "usage": {
            "prompt_tokens": reply.prompt_tokens,
            "completion_tokens": reply.completion_tokens,
            "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        },
    }
