"""The outermost layer of our own: request id, body limit, one log line and one figure a request, no bare errors.

Plain ASGI: a wrapper class that reads requests as objects would cost a task and two queues for each of them.
"""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import tracing
from api.metrics import Metrics
from api.problems import Problem, problem_response, unavailable
from db.session import DatabaseUnavailableError, why_unavailable
from db.types import new_id
from logs import entity_id_var, request_id_var

logger = logging.getLogger("api.access")

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# Probes and scrapes come every few seconds for ever.
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class Edge:
    """Wraps the application; `max_body` is in bytes."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, max_body: int) -> None:
        self.app = app
        self.metrics = metrics
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"] in _QUIET:
            await self._take(scope, receive, send, tracing.NO_SPAN)
            return
        sender = _header(scope, b"traceparent") if tracing.is_on() else None
        with tracing.span("HTTP", kind="server", parent=sender) as span:
            await self._take(scope, receive, send, span)

    async def _take(self, scope: Scope, receive: Receive, send: Send, span: tracing.Span) -> None:
        started = time.perf_counter()
        request_id, length = _headers(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        request_id_token = request_id_var.set(request_id)
        entity_id_token = entity_id_var.set("")
        answer = _Answer(send, request_id)
        self.metrics.in_flight += 1
        try:
            if length is not None and length > self.max_body:
                raise self.too_large()
            await self.app(scope, _limited(receive, self.max_body, self.too_large), answer.send)
        except ClientDisconnect:
            # Nobody is there to answer to; the log line has the status 499.
            pass
        except Exception as error:
            await self._answer_error(error, scope, receive, answer)
        finally:
            self.metrics.in_flight -= 1
            self._record(scope, answer.status, time.perf_counter() - started, span)
            request_id_var.reset(request_id_token)
            entity_id_var.reset(entity_id_token)

    def too_large(self) -> Problem:
        """Return the answer to a body over the limit; the connection closes, so that the rest is not read."""
        detail = f"The body is larger than {self.max_body} bytes."
        return Problem(413, "too-large", detail, headers={"Connection": "close"})

    async def _answer_error(self, error: Exception, scope: Scope, receive: Receive, answer: _Answer) -> None:
        if isinstance(error, Problem):
            problem = error
        elif isinstance(error, DatabaseUnavailableError) or why_unavailable(error):
            logger.warning("database unavailable", exc_info=error)
            problem = unavailable()
        else:
            logger.error("unhandled error", exc_info=error)
            problem = Problem(500, "internal", "Something went wrong here; the log has it under the request id.")
        if not answer.started:
            response = problem_response(problem, path=scope["path"], request_id=scope["state"]["request_id"])
            await response(scope, receive, answer.send)

    def _record(self, scope: Scope, status: int, seconds: float, span: tracing.Span) -> None:
        route = getattr(scope.get("route"), "path", None) or "unmatched"
        self.metrics.answered(scope["method"], route, status, seconds)
        if route in _QUIET and status < 400:
            return
        method = scope["method"] if len(scope["method"]) <= 16 else "OTHER"
        span.rename(f"{method} {route}")
        span.put({"http.request.method": method, "http.route": route, "http.response.status_code": status})
        if status >= 500:
            span.fail()
        fields: dict[str, Any] = {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        logger.info("request", extra={"fields": fields})


class _Answer:
    """Passes an answer on, keeps its status, and adds the request id."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id.encode()
        self.status = 499
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self._request_id)]
        await self._send(message)


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def _headers(scope: Scope) -> tuple[str, int | None]:
    """Return the request's id, its sender's where that is plain, and its declared length."""
    request_id, length = b"", None
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            request_id = value
        elif name == b"content-length" and value.isdigit():
            # More digits than any limit has: the number itself does not matter.
            length = int(value[:18])
    return request_id.decode() if _REQUEST_ID.fullmatch(request_id) else str(new_id()), length


def _limited(receive: Receive, limit: int, too_large: Any) -> Receive:
    """Return a `receive` that raises once more than `limit` bytes of body have come."""
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > limit:
                raise too_large()
        return message

    return limited
