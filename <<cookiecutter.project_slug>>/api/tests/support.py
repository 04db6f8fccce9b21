"""What the tests of the API share: signing as senders do, and an application with its parts running."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any, Literal

import httpx
from fastapi import FastAPI
from standardwebhooks import Webhook
from twilio.request_validator import RequestValidator

from api.context import Context
from api.logs import configure_logging
from api.main import create_app
from api.runs import Runner
from api.settings import ApiSettings
from db.delivery import Target
from raw_runtime.executors import make_executor
from raw_runtime.project import Project
from settings import ROOT

SECRET = "whsec_" + base64.b64encode(b"the secret of a sender in tests").decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"the secret of that sender before").decode()
KEY = "bootstrap-key-of-the-tests"
TWILIO_TOKEN = "twilio-token-of-the-tests"
BASE = "http://coordinator.test"

FORM = {"form": "contact", "email": "ann@example.com", "text": "My invoice 4711 was charged twice, please help today."}


def signed_headers(
    body: bytes, *, webhook_id: str | None = None, secret: str = SECRET, age: float = 0.0, text: str | None = None
) -> dict[str, str]:
    """Return the headers of a sender who signed this body (or `text`) so many seconds ago."""
    webhook_id = webhook_id or f"msg_{uuid.uuid4().hex}"
    at = datetime.now(UTC) - timedelta(seconds=age)
    signature = Webhook(secret).sign(webhook_id, at, text if text is not None else body.decode())
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }


class Client:
    """An HTTP client that can sign."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def send(
        self, path: str, body: Any, *, webhook_id: str | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a signed webhook; `body` is bytes, or what becomes JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = signed_headers(data, webhook_id=webhook_id) | dict(headers or {})
        return await self.http.post(path, content=data, headers=given)

    async def get(self, path: str, *, key: str = KEY, **query: Any) -> httpx.Response:
        """Ask with an API key."""
        return await self.http.get(path, params=query, headers={"authorization": f"Bearer {key}"})

    async def post(self, path: str, body: Any, *, key: str = KEY, **headers: str) -> httpx.Response:
        """Post JSON with an API key."""
        return await self.http.post(path, json=body, headers={"authorization": f"Bearer {key}", **headers})

    async def twilio(
        self, path: str, fields: Mapping[str, str], *, url: str | None = None, **headers: str
    ) -> httpx.Response:
        """Send a form signed as Twilio does."""
        signature = RequestValidator(TWILIO_TOKEN).compute_signature(url or f"{BASE}{path}", dict(fields))
        return await self.http.post(path, data=dict(fields), headers={"x-twilio-signature": signature, **headers})

    async def ended(self, path: str, *, seconds: float = 60.0) -> dict[str, Any]:
        """Return the submission once it is complete or failed."""
        async with asyncio.timeout(seconds):
            while True:
                document: dict[str, Any] = (await self.get(path)).json()
                if document["status"] in ("complete", "failed"):
                    return document
                await asyncio.sleep(0.02)


class Running:
    """An application that runs, a client of it, and its parts."""

    def __init__(self, app: FastAPI, client: Client) -> None:
        self.app = app
        self.client = client

    @property
    def context(self) -> Context:
        """The application's parts."""
        context: Context = self.app.state.context
        return context


def in_process_runner() -> Runner:
    """Return the real executor that is quickest to start."""
    return make_executor("inprocess", Project(ROOT))


@asynccontextmanager
async def running(
    settings: ApiSettings, *, target: Target | Literal["temporal"] | None = None, runner: Runner | None = None
) -> AsyncIterator[Running]:
    """Run an application on these settings."""
    app = create_app(settings, target=target, runner=runner or in_process_runner())
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
            yield Running(app, Client(http))


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def is_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Assert that the answer is a problem document of this status; return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["type"].startswith("urn:problem-type:coordinator:")
    assert document["detail"]
    assert document["request_id"] == answer.headers["x-request-id"]
    return document


@contextmanager
def logged(level: str = "DEBUG") -> Iterator[StringIO]:
    """Give what this process logs, as the API writes it."""
    stream = StringIO()
    root = logging.getLogger()
    before = root.handlers[:], root.level
    configure_logging(level, stream)
    try:
        yield stream
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
