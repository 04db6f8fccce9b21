"""The worker as a process, on the real dev server: how it starts, lives through trouble, and ends."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from workflows.temporal.codec import new_key
from workflows.temporal.tests.servers import (
    DevServer,
    WorkerProcess,
    dev_server,
    free_port,
    needs_server,
    settings_for,
    until,
    worker_process,
)
from workflows.temporal.tests.tiny import Hold, Tiny

pytestmark = pytest.mark.anyio
NOWHERE = "127.0.0.1:1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """One server for the tests that do not end it."""
    with dev_server(tmp_path_factory.mktemp("server")) as server:
        yield server


async def start(client: Client, worker: WorkerProcess, given: Hold) -> WorkflowHandle[Tiny, str]:
    return await client.start_workflow(Tiny.run, given, id=f"tiny-{uuid.uuid4()}", task_queue=worker.task_queue)


def heeds_signals(worker: WorkerProcess) -> bool:
    """Return whether the process has installed its handler of SIGTERM."""
    assert worker.process is not None
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    caught = re.search(r"SigCgt:\s*([0-9a-f]+)", status)
    return caught is not None and bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.server
@needs_server
async def test_waits_for_a_server_that_is_away(tmp_path: Path) -> None:
    server = DevServer(tmp_path)
    with worker_process(tmp_path, server.address) as worker:
        try:
            await worker.start(ready=False)
            await until(lambda: "refuses the connection" in worker.text())
            document = await worker.reaches("/readyz", 503)
            assert document["missing"] == ["temporal", "worker"]
            assert "refuses the connection: it does not run there (TEMPORAL_ADDRESS)" in document["parts"]["temporal"]
            assert (await worker.get("/livez"))[0] == 200
            server.start()
            assert (await worker.reaches("/readyz", 200))["missing"] == []
            handle = await start(await server.client(), worker, Hold(folder=str(tmp_path)))
            assert await handle.result() == "held "
            worker.send(signal.SIGTERM)
            assert await worker.ended() == 0
        finally:
            server.kill()
    assert worker.text().count("refuses the connection") == 1


@pytest.mark.slow
async def test_a_signal_while_it_imports_ends_it(tmp_path: Path) -> None:
    with worker_process(tmp_path, NOWHERE) as worker:
        await asyncio.to_thread(worker.spawn_only)
        await until(lambda: heeds_signals(worker))
        worker.send(signal.SIGTERM)
        assert await worker.ended() == 0
    assert "Traceback" not in worker.text()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_while_it_connects_ends_it(tmp_path: Path, number: signal.Signals) -> None:
    with worker_process(tmp_path, NOWHERE) as worker:
        await worker.start(ready=False)
        await until(lambda: "Trying again" in worker.text())
        worker.send(number)
        told = time.monotonic()
        assert await worker.ended() == 0
        assert time.monotonic() - told < 5
    assert "Traceback" not in worker.text()


@pytest.mark.slow
async def test_wrong_settings_are_told_at_once(tmp_path: Path) -> None:
    for name, value in (
        ("TEMPORAL_CODEC_KEYS", "c2hvcnQ="),
        ("TEMPORAL_ADDRESS", "nowhere"),
        ("TEMPORAL_DEPLOYMENT_NAME", "half"),
        ("WORKER_ACTIVITIES", "none"),
        ("RAW_EXECUTOR", "magic"),
    ):
        with worker_process(tmp_path, NOWHERE, **{name: value}) as worker:
            worker.spawn_only()
            assert await worker.ended() == 2
        [line] = worker.text().splitlines()
        assert name in line or "TEMPORAL_WORKER_BUILD_ID is missing" in line


@pytest.mark.slow
async def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken, worker_process(tmp_path, NOWHERE) as worker:
        taken.bind(("127.0.0.1", worker.port))
        taken.listen()
        worker.spawn_only()
        assert await worker.ended() == 2
    assert "WORKER_HEALTH_PORT is wrong" in worker.text().splitlines()[-1]
    assert str(worker.port) in worker.text()


@pytest.mark.server
@needs_server
class TestOnServer:
    async def test_a_running_activity_may_end(self, server: DevServer, tmp_path: Path) -> None:
        client = await server.client()
        with worker_process(tmp_path, server.address) as worker:
            await worker.start()
            handle = await start(client, worker, Hold(folder=str(tmp_path), seconds=3))
            await until((tmp_path / "started").exists)
            worker.send(signal.SIGTERM)
            document = await worker.reaches("/readyz", 503)
            assert "told to end" in document["parts"]["worker"]
            assert (await worker.get("/livez"))[0] == 200
            assert await worker.ended() == 0
        assert (tmp_path / "ended").exists()
        history = await handle.fetch_history()
        assert EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED in {event.event_type for event in history.events}

    async def test_a_longer_activity_is_cancelled_after_the_grace(self, server: DevServer, tmp_path: Path) -> None:
        client = await server.client()
        with worker_process(tmp_path, server.address, WORKER_GRACE_SECONDS="1") as worker:
            await worker.start()
            await start(client, worker, Hold(folder=str(tmp_path), seconds=50))
            await until((tmp_path / "started").exists)
            worker.send(signal.SIGTERM)
            told = time.monotonic()
            assert await worker.ended() == 0
            assert 0.9 < time.monotonic() - told < 8
        assert not (tmp_path / "ended").exists()

    @pytest.mark.slow
    async def test_a_stubborn_activity_does_not_hold_the_process(self, server: DevServer, tmp_path: Path) -> None:
        client = await server.client()
        with worker_process(tmp_path, server.address, WORKER_GRACE_SECONDS="0") as worker:
            await worker.start()
            await start(client, worker, Hold(folder=str(tmp_path), seconds=60, stubborn=True))
            await until((tmp_path / "started").exists)
            worker.send(signal.SIGTERM)
            assert await worker.ended() == 1
        words = "The worker did not end in time: an activity does not heed its cancellation."
        assert worker.text().splitlines()[-1] == words

    async def test_metrics_and_log(self, server: DevServer, tmp_path: Path) -> None:
        client = await server.client()
        with worker_process(tmp_path, server.address) as worker:
            await worker.start()
            handle = await start(client, worker, Hold(folder=str(tmp_path), secret="Ann was here"))
            await handle.result()
            status, figures = await worker.get("/metrics")
            assert status == 200
            assert re.search(r"^temporal_workflow_completed{.*workflow_type=\"Tiny\"} 1$", figures, re.MULTILINE)
            assert "temporal_worker_task_slots_available" in figures
            failing = await start(client, worker, Hold(folder=str(tmp_path), secret="Ann was here", fail=True))
            with pytest.raises(Exception, match="failed"):
                await failing.result()
            worker.send(signal.SIGINT)
            assert await worker.ended() == 0
        assert f'"event": "holding", "workflow_id": "{handle.id}"' in worker.text()
        assert "Ann was here" not in worker.text()
        assert all(line.startswith("{") for line in worker.text().splitlines())

    async def test_the_history_of_an_encrypted_workflow_holds_no_plain_text(
        self, server: DevServer, tmp_path: Path
    ) -> None:
        key = new_key()
        client = await server.client(settings_for(temporal_codec_keys=key))
        with worker_process(tmp_path, server.address, TEMPORAL_CODEC_KEYS=key) as worker:
            await worker.start()
            good = await start(client, worker, Hold(folder=str(tmp_path), secret="Ann was here"))
            assert await good.result() == "held Ann was here"
            bad = await start(client, worker, Hold(folder=str(tmp_path), secret="Ann was here", fail=True))
            with pytest.raises(Exception, match="Workflow execution failed") as caught:
                await bad.result()
            assert caught.value.__cause__ is not None
            assert "failed with Ann was here" in str(caught.value.__cause__.__cause__)
            # Plain payloads of before pass: a process that was under way when encryption was switched on.
            plain = await start(await server.client(), worker, Hold(folder=str(tmp_path), secret="before"))
            assert await client.get_workflow_handle(plain.id, result_type=str).result() == "held before"
        for handle in (good, bad):
            stored = (await handle.fetch_history()).to_json()
            assert "binary/encrypted" not in stored  # bytes are in base64 there
            assert "YmluYXJ5L2VuY3J5cHRlZA==" in stored
            shown = server.cli("workflow", "show", "--workflow-id", handle.id, "--output", "json").stdout
            for text in (stored, shown):
                assert "Ann" not in text
                assert "folder" not in text
                assert "QW5uIHdhcyBoZXJl" not in text

    async def test_goes_on_when_the_server_was_killed(self, tmp_path: Path) -> None:
        with dev_server(tmp_path) as server, worker_process(tmp_path, server.address) as worker:
            await worker.start()
            before = await start(await server.client(), worker, Hold(folder=str(tmp_path), seconds=2))
            await until((tmp_path / "started").exists)
            server.kill()
            assert (await worker.reaches("/readyz", 503))["missing"] == ["temporal"]
            assert (await worker.get("/livez"))[0] == 200
            server.start()
            await worker.reaches("/readyz", 200)
            client = await server.client()
            assert await client.get_workflow_handle(before.id, result_type=str).result() == "held "
            after = await start(client, worker, Hold(folder=str(tmp_path)))
            assert await asyncio.wait_for(after.result(), 30) == "held "
            worker.send(signal.SIGTERM)
            assert await worker.ended() == 0

    async def test_a_namespace_that_comes_later(self, server: DevServer, tmp_path: Path) -> None:
        name = f"later-{free_port()}"
        with worker_process(tmp_path, server.address, TEMPORAL_NAMESPACE=name) as worker:
            await worker.start(ready=False)
            await until(lambda: "Temporal has no namespace" in worker.text())
            assert server.cli("operator", "namespace", "create", "--namespace", name).returncode == 0
            await worker.reaches("/readyz", 200)
