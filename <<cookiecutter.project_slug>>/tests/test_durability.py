"""The promise, with real processes: an acknowledged webhook is never lost and never acted on twice."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from api.tests.servers import Server, serving
from api.tests.support import FORM, signed_headers
from db import testing
from db.entities.submission import Submission
from db.models import TimelineEvent, WebhookReceipt
from db.session import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

WEBHOOKS = 500
CLIENTS = 8
# Rows of a process that was killed are free again after this.
LEASE_SECONDS = "2"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=testing.kinds())
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    async with testing.migrated_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(testing.settings_for(url))
    yield database
    await database.dispose()


async def deliver(client: httpx.AsyncClient, base: str, webhook_id: str) -> dict[str, Any]:
    """Send one webhook as a good sender does: again under its id, until it is acknowledged."""
    body = json.dumps({**FORM, "text": f"{FORM['text']} Reference {webhook_id}."}).encode()
    while True:
        try:
            headers = signed_headers(body, webhook_id=webhook_id)
            answer = await client.post(f"{base}/webhooks/submit", content=body, headers=headers)
        except httpx.TransportError:
            await asyncio.sleep(random.uniform(0.02, 0.1))
            continue
        if answer.status_code == 202:
            accepted: dict[str, Any] = answer.json()
            return accepted
        assert answer.status_code == 503, answer.text
        await asyncio.sleep(random.uniform(0.02, 0.1))


async def statuses(database: Database) -> Counter[str]:
    async with database.session(read_only=True) as session:
        rows = await session.execute(select(Submission.status, func.count()).group_by(Submission.status))
        return Counter({row[0]: row[1] for row in rows})


async def test_killed_in_the_middle_every_acknowledged_webhook_ends_complete_once(
    url: str, database: Database, tmp_path: Path
) -> None:
    waiting = [uuid.uuid4().hex for _ in range(WEBHOOKS)]
    accepted: dict[str, dict[str, Any]] = {}

    async def sender(server: Server) -> None:
        async with httpx.AsyncClient(timeout=60) as client:
            while waiting:
                webhook_id = waiting.pop()
                accepted[webhook_id] = await deliver(client, server.base, webhook_id)

    async with serving(url, tmp_path, LEASE_SECONDS=LEASE_SECONDS, POLL_SECONDS="0.2") as server:
        senders = [asyncio.create_task(sender(server)) for _ in range(CLIENTS)]
        for share in (3, 2):
            while len(accepted) < WEBHOOKS // share:
                await asyncio.sleep(0.005)
            await server.kill()
            await server.start()
        await asyncio.wait_for(asyncio.gather(*senders), 300)
        async with asyncio.timeout(300):
            while (await statuses(database))["complete"] < WEBHOOKS:
                await asyncio.sleep(0.2)
        # A webhook that was acknowledged before the kills still gets the answer it got then.
        async with httpx.AsyncClient(timeout=60) as client:
            for webhook_id in random.sample(sorted(accepted), 20):
                assert await deliver(client, server.base, webhook_id) == accepted[webhook_id]

    assert await statuses(database) == {"complete": WEBHOOKS}
    async with database.session(read_only=True) as session:
        ids = {str(found) for found in await session.scalars(select(Submission.id))}
        receipts = await session.scalar(select(func.count()).select_from(WebhookReceipt))
        ends = await session.execute(
            select(TimelineEvent.entity_id, func.count())
            .where(TimelineEvent.event == "complete")
            .group_by(TimelineEvent.entity_id)
        )
        completions = {str(entity_id): number for entity_id, number in ends}
    assert ids == {answer["id"] for answer in accepted.values()}
    assert receipts == WEBHOOKS
    assert completions == dict.fromkeys(ids, 1)


async def test_the_same_webhook_fifty_times_at_once_to_two_processes_is_one(
    url: str, database: Database, tmp_path: Path
) -> None:
    async with (
        serving(url, tmp_path) as one,
        serving(url, tmp_path) as two,
        httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as client,
    ):
        data = json.dumps(FORM).encode()
        headers = signed_headers(data, webhook_id="msg_1")
        answers = await asyncio.gather(
            *(
                client.post(f"{(one, two)[n % 2].base}/webhooks/submit", content=data, headers=headers)
                for n in range(50)
            )
        )
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1
        async with asyncio.timeout(120):
            while not (await statuses(database))["complete"]:
                await asyncio.sleep(0.05)
        # Time for a second run, were there one.
        await asyncio.sleep(0.5)
    async with database.session(read_only=True) as session:
        events = list(await session.scalars(select(TimelineEvent.event).order_by(TimelineEvent.at)))
        numbers = [
            await session.scalar(select(func.count()).select_from(table)) for table in (Submission, WebhookReceipt)
        ]
        attempts = await session.scalar(select(Submission.attempts))
    assert numbers == [1, 1]
    assert attempts == 1
    assert sorted(events) == ["complete", "received", "started"]


async def test_a_clean_stop_gives_back_what_runs(url: str, database: Database, tmp_path: Path) -> None:
    """With leases of ten minutes, only giving them back lets the next process finish the work."""
    slow = {"LEASE_SECONDS": "600", "SHUTDOWN_SECONDS": "0", "SUBMISSION_CONCURRENCY": "2", "POLL_SECONDS": "0.2"}
    number = 40
    async with serving(url, tmp_path, **slow) as server, httpx.AsyncClient(timeout=60) as client:
        await asyncio.gather(*(deliver(client, server.base, uuid.uuid4().hex) for _ in range(number)))
        assert await server.stop() in (0, -15)
        assert (await statuses(database))["running"] == 0
        await server.start()
        async with asyncio.timeout(120):
            while (await statuses(database))["complete"] < number:
                await asyncio.sleep(0.1)
