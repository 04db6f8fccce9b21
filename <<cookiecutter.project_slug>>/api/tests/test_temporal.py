"""From the webhook to the process, over a real Temporal server that may be away."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client as TemporalClient
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.worker import Worker

from api.main import create_app
from api.settings import ApiSettings
from api.temporal import TemporalWatch
from api.tests.conftest import settings_of
from api.tests.servers import free_port, serving
from api.tests.support import APPLICATION, BASE, Client, in_process_runner
from db.delivery import TargetAwayError
from settings import SettingsError
from workflows.temporal.executables import TEST_SERVER, find_executable
from workflows.temporal.tests.standin import StandIn

pytestmark = pytest.mark.anyio

QUEUE = "edge"


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """Where Temporal is, once it is started."""
    port = free_port()
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{port}")
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "default")
    monkeypatch.setenv("TEMPORAL_TASK_QUEUE", QUEUE)
    return port


class TestServer:
    """Temporal's test server, as a process that a test starts when it likes."""

    __test__ = False

    def __init__(self, port: int) -> None:
        self.port = port
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> TemporalClient:
        """Start; return a client once it answers."""
        path = find_executable(TEST_SERVER)
        assert path, f"{TEST_SERVER} is not here: uv sync"
        quiet = asyncio.subprocess.DEVNULL
        self.process = await asyncio.create_subprocess_exec(path, str(self.port), stdout=quiet, stderr=quiet)
        async with asyncio.timeout(30):
            while True:
                try:
                    return await TemporalClient.connect(
                        f"127.0.0.1:{self.port}", data_converter=pydantic_data_converter
                    )
                except (RuntimeError, RPCError):
                    await asyncio.sleep(0.1)

    async def kill(self) -> None:
        """End it at once."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@pytest.fixture
async def server(port: int) -> AsyncIterator[TestServer]:
    server = TestServer(port)
    yield server
    await server.kill()


async def events(client: Client, candidate_id: str) -> list[str]:
    timeline = (await client.get(f"/candidates/{candidate_id}")).json()["timeline"]
    return [item["event"] for item in timeline]


async def has_event(client: Client, candidate_id: str, event: str, times: int = 1) -> list[str]:
    """Wait until something has happened to a candidate; return everything that has."""
    async with asyncio.timeout(20):
        while (found := await events(client, candidate_id)).count(event) < times:
            await asyncio.sleep(0.05)
    return found


async def ready(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/readyz")
    assert answer.status_code == 200, answer.text
    parts: dict[str, Any] = answer.json()["parts"]
    return parts


async def test_with_temporal_away_webhooks_are_taken_and_delivered_when_it_is_back(
    settings: ApiSettings, server: TestServer
) -> None:
    quick = settings_of(settings.database_url, temporal_task_queue=QUEUE, backoff_max_seconds=0.3)
    app = create_app(quick, runner=in_process_runner())
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=BASE) as http:
        client = Client(http)
        candidate_id = await client.candidate()
        # The process has not started yet; what is sent meanwhile waits behind its start.
        call = {"candidate_id": candidate_id, "type": "scheduled", "call_time": "2030-05-06T14:30:00Z"}
        assert (await client.send("/webhooks/calendar", call, webhook_id="cal-1")).status_code == 202
        assert (await client.send("/webhooks/calendar", call, webhook_id="cal-1")).status_code == 202
        parts = await ready(http)
        assert parts["temporal"].startswith("Temporal refuses the connection")
        assert "Webhooks are taken all the same" in parts["temporal"]
        # More attempts than an entry at fault gets.
        async with asyncio.timeout(30):
            while (await client.get("/outbox")).json()["items"][1]["attempts"] <= 3:
                await asyncio.sleep(0.05)
        assert "delivered" not in await events(client, candidate_id)

        temporal = await server.start()
        async with Worker(temporal, task_queue=QUEUE, workflows=[StandIn]):
            assert (await has_event(client, candidate_id, "delivered", 2)).count("delivered") == 2
            handle = temporal.get_workflow_handle(f"hiring-{candidate_id}")
            told = await handle.query("told", result_type=list[str])
            assert [word.split()[0] for word in told] == ["CalendarEvent"]
            assert '"event_id":"calendar:cal-1"' in told[0]

            withdrawal = await client.post(f"/candidates/{candidate_id}/withdrawal", {"note": "Found another job."})
            assert withdrawal.status_code == 202
            assert (await handle.result())["status"] == "withdrawn"
            # The stand-in does not write the candidate's status, so a late event is still taken, and told as late.
            decision = await client.post(f"/candidates/{candidate_id}/decision", {"decision": "approve"})
            assert decision.status_code == 202
            await has_event(client, candidate_id, "signal_after_end")
            assert (await client.get("/outbox", status="parked")).json()["items"] == []


async def test_a_server_process_starts_with_temporal_away_and_says_so(settings: ApiSettings, tmp_path: Path) -> None:
    nowhere = {"TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}", "BACKOFF_SECONDS": "0.1"}
    async with serving(settings.database_url, tmp_path, **nowhere) as api, httpx.AsyncClient(base_url=api.base) as http:
        answer = await Client(http).send("/webhooks/cv-submission", APPLICATION)
        assert answer.status_code == 202, answer.text
        parts = await ready(http)
        assert parts["temporal"].startswith("Temporal refuses the connection")
        assert "1 pending" in parts["outbox"]
        assert await api.stop() in (0, -signal.SIGTERM)
    assert "Traceback" not in api.log.read_text()


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
