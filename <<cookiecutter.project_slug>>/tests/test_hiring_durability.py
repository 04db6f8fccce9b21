"""The promise: an application that comes many times at once to real processes is one candidate, started once."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from api.tests.hiring import APPLICATION
from api.tests.servers import serving
from api.tests.support import signed_headers
from db import testing
from db.entities.candidate import Candidate
from db.models import OutboxEntry, TimelineEvent, WebhookReceipt
from db.session import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("kind", testing.kinds())
async def test_the_same_application_fifty_times_at_once_to_two_processes_is_one(kind: str, tmp_path: Path) -> None:
    data = json.dumps(APPLICATION).encode()
    headers = signed_headers(data, webhook_id="msg_1")
    async with testing.migrated_database(kind, tmp_path) as url:
        async with (
            serving(url, tmp_path) as one,
            serving(url, tmp_path) as two,
            httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as client,
        ):
            bases = (one.base, two.base)
            answers = await asyncio.gather(
                *(
                    client.post(f"{bases[n % 2]}/webhooks/cv-submission", content=data, headers=headers)
                    for n in range(50)
                )
            )
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1
        database = Database(testing.settings_for(url))
        async with database.session(read_only=True) as session:
            numbers = [
                await session.scalar(select(func.count()).select_from(table))
                for table in (Candidate, OutboxEntry, WebhookReceipt)
            ]
            events = list(await session.scalars(select(TimelineEvent.event)))
        await database.dispose()
    assert numbers == [1, 1, 1]
    assert events == ["received"]
