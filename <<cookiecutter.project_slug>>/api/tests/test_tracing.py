"""The API's part of a trace: what a server process sends to a collector, and that it costs no sender anything."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.tests.servers import Server, serving
from api.tests.support import FORM, KEY, signed_headers
from db import testing
from settings import ROOT
from tracing.tests.collector import Collector, collector
from tracing.tests.play import SENDER

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

# FastAPI imports OpenTelemetry's API, which does nothing by itself; all else stays out.
_MODULES = """
import sys
from api import main
app = main.app
print(sorted({".".join(name.split(".")[:2]) for name in sys.modules if name.startswith("opentelemetry.")}
             & {"opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.proto"}),
      "temporalio.contrib.opentelemetry" in sys.modules)
"""


@pytest.fixture
async def receiver() -> AsyncIterator[Collector]:
    async with collector() as found:
        yield found


@pytest.fixture(params=testing.kinds())
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    async with testing.migrated_database(request.param, tmp_path) as url:
        yield url


async def submit(http: httpx.AsyncClient, **headers: str) -> httpx.Response:
    body = json.dumps(FORM).encode()
    return await http.post("/webhooks/submit", content=body, headers={**signed_headers(body), **headers})


def on(endpoint: str) -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "100", "RAW_POOL_SIZE": "1"}


def lines_of(server: Server) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.log.read_text().splitlines()]


async def test_the_run_of_a_submission_is_in_the_trace_of_its_webhook(
    receiver: Collector, database: str, tmp_path: Path
) -> None:
    async with (
        serving(database, tmp_path, **on(receiver.endpoint)) as server,
        httpx.AsyncClient(base_url=server.base) as http,
    ):
        answer = await submit(http, traceparent=SENDER)
        assert answer.status_code == 202
        id_of_person = answer.json()["id"]
        await receiver.until(lambda: receiver.named("submission"))
        shown = await http.get(f"/submissions/{id_of_person}", headers={"authorization": f"Bearer {KEY}"})
        assert shown.json()["status"] == "complete"
        await http.get("/nowhere/secret-path")
    _, trace, sender, _ = SENDER.split("-")
    run = receiver.one("raw run analyze")
    first = receiver.one("POST /webhooks/submit")
    assert (first.trace, first.parent) == (trace, sender)
    assert first.attributes == {
        "http.request.method": "POST",
        "http.route": "/webhooks/submit",
        "http.response.status_code": 202,
    }
    assert run.trace == trace
    assert receiver.parent_of(run) == receiver.one("submission")
    assert receiver.parent_of(receiver.one("submission")) == first
    assert (run.attributes["raw.workflow"], run.attributes["raw.exit_code"]) == ("analyze", 0)
    assert receiver.one("submission").attributes == {"submission.attempt": 1, "submission.outcome": "complete"}
    # Probes make none, and nobody's id or words are in any.
    assert {span.name for span in receiver.spans} == {
        "POST /webhooks/submit",
        "submission",
        "raw run analyze",
        "GET /submissions/{id}",
        "GET unmatched",
    }
    told = json.dumps([[span.name, span.attributes, span.events] for span in receiver.spans])
    assert not [words for words in (id_of_person, FORM["email"], "secret-path") if words in told]
    logged = {line["event"]: line for line in lines_of(server) if "trace_id" in line}
    assert logged["submission run"]["trace_id"] == trace
    assert logged["submission run"]["span_id"] == receiver.one("submission").id
    assert any(line.get("span_id") == first.id and line["event"] == "request" for line in lines_of(server))


async def test_a_collector_that_never_answers_delays_nobody(database: str, tmp_path: Path) -> None:
    held: list[asyncio.StreamWriter] = []

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    deaf = await asyncio.start_server(hold, "127.0.0.1", 0)
    endpoint = f"http://127.0.0.1:{deaf.sockets[0].getsockname()[1]}"
    try:
        async with serving(database, tmp_path, **on(endpoint)) as server:
            async with httpx.AsyncClient(base_url=server.base) as http:
                await submit(http)
                while not held:
                    await asyncio.sleep(0.05)
                began = time.perf_counter()
                answers = [(await submit(http)).status_code for _ in range(20)]
                # The collector would have held each of them for ten seconds.
                assert (set(answers), time.perf_counter() - began < 10) == ({202}, True)
            began = time.perf_counter()
            await server.stop()
            took = time.perf_counter() - began
        print(f"\nended in {took:.1f} s with a collector that never answers")
        # What it had begun to run is let run on, as ever; the collector gets two seconds.
        assert took < 15
        assert "Application shutdown complete." in [line["event"] for line in lines_of(server)]
        assert not [line for line in lines_of(server) if line["level"] == "error"]
    finally:
        for writer in held:
            writer.close()
        deaf.close()


def test_off_nothing_that_makes_or_sends_traces_is_imported() -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "ENV_FILE": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", _MODULES], env=env, capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stdout) == (0, "[] False\n"), done.stderr
