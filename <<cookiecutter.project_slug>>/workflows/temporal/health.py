"""A very small HTTP server for probes and scrapers: GET and HEAD, one request a connection, nothing else."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from settings import SettingsError

logger = logging.getLogger("workflows.temporal.health")

_MAX_HEAD_BYTES = 8192
_MAX_CONNECTIONS = 64
_SECONDS = 5.0
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body, and what kind of body it is."""

    status: int
    body: bytes
    kind: str = "text/plain; charset=utf-8"

    @classmethod
    def text(cls, status: int, words: str) -> Answer:
        """Return an answer in plain words."""
        return cls(status, f"{words}\n".encode())

    @classmethod
    def json(cls, status: int, document: Mapping[str, Any]) -> Answer:
        """Return an answer in JSON."""
        return cls(status, json.dumps(document).encode(), "application/json")


Route = Callable[[], Awaitable[Answer]]


class HealthServer:
    """Serves the routes, by path, while the context lasts; whatever is sent, it answers within seconds or hangs up."""

    def __init__(self, host: str, port: int, routes: Mapping[str, Route]) -> None:
        self._host = host
        self._port = port
        self._routes = routes
        self._server: asyncio.Server | None = None
        self._open = 0

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> HealthServer:
        """Start listening.

        Raises:
            SettingsError: the port is taken, or the address is not one of this machine's.
        """
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self._port, limit=_MAX_HEAD_BYTES)
        except OSError as error:
            raise SettingsError(
                f"WORKER_HEALTH_HOST or WORKER_HEALTH_PORT is wrong: cannot listen on port {self._port} "
                f"({_words_of(error)}); another worker may have it."
            ) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening; open connections end with the process."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= _MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._open += 1
        try:
            async with asyncio.timeout(_SECONDS):
                head, answer = await self._answer(reader)
                writer.write(_encode(answer, with_body=not head))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            pass
        except Exception:
            logger.exception("health request failed")
        finally:
            self._open -= 1
            # After a regular close this does nothing; else nothing may hold the connection.
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[bool, Answer]:
        """Return whether only the head is wanted, and the answer."""
        try:
            given = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return False, Answer.text(400, "The request's head is too large.")
        line = given.partition(b"\r\n")[0].decode("latin-1").split(" ")
        if len(line) != 3 or not line[2].startswith("HTTP/1."):
            return False, Answer.text(400, "This is not a request in HTTP/1.")
        method, target, _ = line
        if method not in ("GET", "HEAD"):
            return False, Answer.text(405, "Only GET and HEAD are answered.")
        route = self._routes.get(target.partition("?")[0])
        if route is None:
            return method == "HEAD", Answer.text(404, f"There is {', '.join(self._routes)}.")
        return method == "HEAD", await route()


def _words_of(error: OSError) -> str:
    """Return the system's words, without asyncio's, which repeat the address."""
    return os.strerror(error.errno) if error.errno is not None and error.errno > 0 else "no such address"


def _encode(answer: Answer, *, with_body: bool) -> bytes:
    head = (
        f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}\r\n"
        f"Content-Type: {answer.kind}\r\n"
        f"Content-Length: {len(answer.body)}\r\n"
        "Cache-Control: no-store\r\n"
        "Connection: close\r\n\r\n"
    ).encode()
    return head + answer.body if with_body else head
