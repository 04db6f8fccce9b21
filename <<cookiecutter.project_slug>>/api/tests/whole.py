"""The whole system as real processes: Temporal's dev server, API and worker, with a mail server, Twilio and Slack."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from api.tests.servers import Server
from api.tests.support import KEY, signed_headers
from tools.email.testing import FakeSmtp, fake_smtp
from tools.slack.testing import FakeSlack, fake_slack
from tools.telephony.testing import FakeTwilio, fake_twilio
from workflows.temporal.tests.real_worker import RealWorker
from workflows.temporal.tests.servers import DevServer, dev_server


class Sender:
    """Sends as good senders do: again under the same id, until it is acknowledged."""

    def __init__(self, http: httpx.AsyncClient, base: str) -> None:
        self._http = http
        self._base = base
        self.repeats = 0

    async def webhook(self, path: str, body: Mapping[str, Any], webhook_id: str) -> dict[str, Any]:
        """Send a signed webhook; return what acknowledged it."""
        data = json.dumps(body).encode()
        while True:
            answer = await self._try(path, data, signed_headers(data, webhook_id=webhook_id))
            if answer is not None:
                assert answer.status_code == 202, answer.text
                acknowledged: dict[str, Any] = answer.json()
                return acknowledged

    async def person(self, path: str, body: Mapping[str, Any], key: str) -> int:
        """Send what a person decided; 202, or 409 where an entity's status is final."""
        headers = {"authorization": f"Bearer {KEY}", "idempotency-key": key, "content-type": "application/json"}
        while True:
            answer = await self._try(path, json.dumps(body).encode(), headers)
            if answer is not None:
                assert answer.status_code in (202, 409), answer.text
                return answer.status_code

    async def _try(self, path: str, data: bytes, headers: Mapping[str, str]) -> httpx.Response | None:
        try:
            answer = await self._http.post(f"{self._base}{path}", content=data, headers=dict(headers))
        except httpx.TransportError:
            answer = None
        if answer is None or answer.status_code == 503:
            self.repeats += 1
            await asyncio.sleep(random.uniform(0.05, 0.2))
            return None
        return answer


@dataclass
class Whole:
    """Everything that runs; the first three can be killed and started again."""

    temporal: DevServer
    api: Server
    worker: RealWorker
    smtp: FakeSmtp
    twilio: FakeTwilio
    slack: FakeSlack
    sender: Sender
    kills: list[str] = field(default_factory=list)

    async def kill_worker(self) -> None:
        """Kill the worker, and start it again."""
        await asyncio.to_thread(self.worker.kill)
        self.kills.append("worker")
        await self.worker.start()

    async def kill_api(self) -> None:
        """Kill the API, and start it again."""
        await self.api.kill()
        self.kills.append("api")
        await self.api.start()

    async def kill_temporal(self) -> None:
        """Kill Temporal's server, and start it again on its file."""
        await asyncio.to_thread(self.temporal.kill)
        self.kills.append("temporal")
        await asyncio.to_thread(self.temporal.start)


@asynccontextmanager
async def whole_system(url: str, folder: Path, **settings: str) -> AsyncIterator[Whole]:
    """Give the system, running on this database, and end it afterwards."""
    async with AsyncExitStack() as stack:
        smtp = await stack.enter_async_context(fake_smtp())
        twilio = await stack.enter_async_context(fake_twilio())
        slack = await stack.enter_async_context(fake_slack())
        temporal = stack.enter_context(dev_server(folder))
        given = {name.upper(): value for name, value in twilio.settings().items()} | {
            "TEMPORAL_ADDRESS": temporal.address,
            "TEMPORAL_NAMESPACE": "default",
            "TEMPORAL_TASK_QUEUE": "whole",
            "LEASE_SECONDS": "2",
            "POLL_SECONDS": "0.2",
            "BACKOFF_SECONDS": "0.1",
            "BACKOFF_MAX_SECONDS": "1",
            **settings,
        }
        # With no PUBLIC_URL, the API takes Twilio's signature over the address that it was called by.
        api = Server(url, folder, DEV_FOLDER=str(folder / "dev"), **given)
        services = {"SMTP_URL": smtp.url, "SLACK_WEBHOOK_URL": slack.url}
        worker = RealWorker(folder, temporal.address, url, **{**given, **services, "PUBLIC_URL": api.base})
        stack.callback(worker.kill)
        await worker.start()
        stack.push_async_callback(api.stop)
        await api.start()
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=60))
        yield Whole(temporal, api, worker, smtp, twilio, slack, Sender(http, api.base))
