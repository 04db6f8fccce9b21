"""From the webhook to the hiring process, over a real Temporal server that may be away."""

from __future__ import annotations

import asyncio

import pytest
from temporalio.worker import Worker

from api.settings import ApiSettings
from api.tests.conftest import settings_of
from api.tests.hiring import applied
from api.tests.servers import TestServer
from api.tests.support import Client, running
from workflows.temporal.tests.hiring_standin import StandIn

pytestmark = pytest.mark.anyio

QUEUE = "edge"


async def events(client: Client, candidate_id: str) -> list[str]:
    timeline = (await client.get(f"/candidates/{candidate_id}")).json()["timeline"]
    return [item["event"] for item in timeline]


async def has_event(client: Client, candidate_id: str, event: str, times: int = 1) -> list[str]:
    """Wait until something has happened to a candidate; return everything that has."""
    async with asyncio.timeout(20):
        while (found := await events(client, candidate_id)).count(event) < times:
            await asyncio.sleep(0.05)
    return found


async def test_with_temporal_away_webhooks_are_taken_and_delivered_when_it_is_back(
    settings: ApiSettings, temporal_server: TestServer
) -> None:
    quick = settings_of(settings.database_url, temporal_task_queue=QUEUE, backoff_max_seconds=0.3)
    async with running(quick, target="temporal") as api:
        client = api.client
        candidate_id = await applied(client)
        # The process has not started yet; what is sent meanwhile waits behind its start.
        call = {"candidate_id": candidate_id, "type": "scheduled", "call_time": "2030-05-06T14:30:00Z"}
        assert (await client.send("/webhooks/calendar", call, webhook_id="cal-1")).status_code == 202
        assert (await client.send("/webhooks/calendar", call, webhook_id="cal-1")).status_code == 202
        parts = (await client.http.get("/readyz")).json()["parts"]
        assert "2 pending" in parts["outbox"]
        assert parts["temporal"].startswith("Temporal refuses the connection")
        assert "Webhooks are taken all the same" in parts["temporal"]
        # More attempts than an entry at fault gets.
        async with asyncio.timeout(30):
            while (await client.get("/outbox")).json()["items"][1]["attempts"] <= 3:
                await asyncio.sleep(0.05)
        assert "delivered" not in await events(client, candidate_id)

        temporal = await temporal_server.start()
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
