"""What the API says of Temporal, which may be away: webhooks are taken all the same."""

from __future__ import annotations

import asyncio
import signal
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.worker import Worker

from api.main import create_app
from api.settings import ApiSettings
from api.temporal import TemporalWatch
from api.tests.conftest import settings_of
from api.tests.errand_workflow import LAST, ErrandProcess
from api.tests.errands import ERRAND, begin, known_errands, tell
from api.tests.servers import TestServer, free_port, serving
from api.tests.support import FORM, Client, running
from db.delivery import TargetAwayError
from settings import SettingsError

pytestmark = pytest.mark.anyio


async def ready(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/readyz")
    assert answer.status_code == 200, answer.text
    parts: dict[str, Any] = answer.json()["parts"]
    return parts


async def test_a_server_process_starts_with_temporal_away_and_says_so(settings: ApiSettings, tmp_path: Path) -> None:
    nowhere = {"TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}", "BACKOFF_SECONDS": "0.1"}
    async with serving(settings.database_url, tmp_path, **nowhere) as api, httpx.AsyncClient(base_url=api.base) as http:
        answer = await Client(http).send("/webhooks/submit", FORM)
        assert answer.status_code == 202, answer.text
        parts = await ready(http)
        assert parts["temporal"].startswith("Temporal refuses the connection")
        assert "Webhooks are taken all the same" in parts["temporal"]
        assert await api.stop() in (0, -signal.SIGTERM)
    assert "Traceback" not in api.log.read_text()


async def happened(client: Client, submission_id: str, event: str, times: int) -> None:
    """Wait until something has happened to a submission so many times."""
    async with asyncio.timeout(20):
        while True:
            timeline = (await client.get(f"/submissions/{submission_id}")).json()["timeline"]
            if [item["event"] for item in timeline].count(event) == times:
                return
            await asyncio.sleep(0.05)


async def test_with_temporal_away_all_is_taken_and_delivered_in_order_when_it_is_back(
    settings: ApiSettings, temporal_server: TestServer
) -> None:
    quick = settings_of(
        settings.database_url, temporal_task_queue="edge", backoff_max_seconds=0.3, submission_concurrency=0
    )
    with known_errands():
        async with running(quick, target="temporal") as api:
            submission_id = await begin(api)
            # The process has not started yet; what it is told meanwhile waits behind its start.
            await tell(api, submission_id, "first", key="1")
            await tell(api, submission_id, "first", key="1")
            await tell(api, submission_id, "second", key="2")
            assert "3 pending" in (await ready(api.client.http))["outbox"]
            # More attempts than an entry at fault gets.
            async with asyncio.timeout(30):
                while (await api.client.get("/outbox")).json()["items"][-1]["attempts"] <= 3:
                    await asyncio.sleep(0.05)
            temporal = await temporal_server.start()
            async with Worker(temporal, task_queue="edge", workflows=[ErrandProcess]):
                await happened(api.client, submission_id, "delivered", 3)
                handle = temporal.get_workflow_handle(ERRAND.target(uuid.UUID(submission_id)))
                assert await handle.query("told", result_type=list[str]) == ["word:1 first", "word:2 second"]
                await tell(api, submission_id, LAST)
                assert await handle.result() == submission_id
                await tell(api, submission_id, "late")
                await happened(api.client, submission_id, "signal_after_end", 1)
            assert (await api.client.get("/outbox", status="parked")).json()["items"] == []


async def test_with_temporal_there_readyz_says_so(settings: ApiSettings, temporal_server: TestServer) -> None:
    await temporal_server.start()
    async with running(settings, target="temporal") as api:
        assert (await ready(api.client.http))["temporal"] == "ok"


async def test_a_wrong_configuration_is_one_sentence(settings: ApiSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "http://localhost:7233")
    with pytest.raises(SettingsError, match="TEMPORAL_ADDRESS is wrong"):
        create_app(settings)


async def test_probes_do_not_wait_for_temporal() -> None:
    asked, answers = 0, asyncio.Event()

    async def ping() -> None:
        nonlocal asked
        asked += 1
        await answers.wait()
        raise TargetAwayError("It sleeps")

    watch = TemporalWatch(ping)
    async with asyncio.timeout(2):
        assert await watch.words() == "it has not answered yet"
        assert await watch.words() == "it has not answered yet"
    answers.set()
    await asyncio.sleep(0.01)
    assert (await watch.words()).startswith("It sleeps. Webhooks are taken")
    assert asked == 1, "one question at a time, and an answer is good for a while"
    await watch.stop()
