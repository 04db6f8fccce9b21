"""What arrives at a collector, and what happens when none is there; each in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from settings import ROOT
from tracing.tests.collector import Collector, collector
from tracing.tests.play import SENDER

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def receiver() -> AsyncIterator[Collector]:
    async with collector() as found:
        yield found


async def play(scene: str, **variables: str) -> tuple[int, list[str], list[dict[str, object]], str]:
    """Return the exit code of a play, its words, the lines of its log, and all of its standard error."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "ENV_FILE": "/nonexistent", **variables}
    command = [sys.executable, "-m", "tracing.tests.play", scene]
    done = await asyncio.to_thread(
        subprocess.run, command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    return done.returncode, done.stdout.split(), lines, done.stderr


async def test_spans_arrive_with_their_parents_and_without_texts(receiver: Collector) -> None:
    variables = {"OTEL_EXPORTER_OTLP_HEADERS": "x-team=orders", "OTEL_SERVICE_NAME": "mine"}
    code, _, _, errors = await play("spans", OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint, **variables)
    assert code == 0, errors
    assert receiver.headers[0]["x-team"] == "orders"
    assert {span.service for span in receiver.spans} == {"mine"}
    outer, later, alone = receiver.one("outer renamed"), receiver.one("later"), receiver.one("alone")
    _, trace, sender, _ = SENDER.split("-")
    assert (outer.trace, outer.parent, outer.attributes) == (trace, sender, {"n": 1})
    done, failed = receiver.named("raw run tiny")
    assert (done.trace, done.parent, done.failed) == (trace, outer.id, False)
    assert done.attributes == {"raw.workflow": "tiny", "raw.run_id": "run-1", "raw.exit_code": 0}
    assert (failed.attributes["raw.exit_code"], failed.failed) == (1, True)
    assert (later.trace, later.parent, later.failed) == (trace, outer.id, True)
    assert later.events == [{"name": "exception", "exception.type": "ValueError"}]
    assert (alone.trace != trace, alone.parent) == (True, "")


async def test_a_sampler_is_heeded(receiver: Collector) -> None:
    code, _, _, errors = await play(
        "spans", OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint, OTEL_TRACES_SAMPLER="always_off"
    )
    assert code == 0, errors
    assert receiver.spans == []


async def test_the_variables_may_stand_in_the_env_file(receiver: Collector, tmp_path: Path) -> None:
    (tmp_path / "my.env").write_text(f"OTEL_EXPORTER_OTLP_ENDPOINT={receiver.endpoint}\nOTEL_SERVICE_NAME=filed\n")
    code, _, _, errors = await play("spans", ENV_FILE=str(tmp_path / "my.env"), OTEL_EXPORTER_OTLP_ENDPOINT="")
    assert code == 0, errors
    assert {span.service for span in receiver.spans} == {"filed"}


async def check_away(endpoint: str, reason: str) -> None:
    code, words, lines, errors = await play("many", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_BSP_SCHEDULE_DELAY="200")
    assert code == 0, errors
    seconds = dict(zip(words[::2], map(float, words[1::2]), strict=True))
    # No span waits for the collector, and the end does for two seconds.
    assert seconds["made"] < 10
    assert seconds["ended"] < 3
    said = [line for line in lines if line["logger"] == "tracing"]
    assert len(said) == len(lines) <= 1, errors
    assert all(reason in str(line["reason"]) for line in said), said


async def test_a_collector_that_is_not_there_costs_a_line() -> None:
    await check_away("http://127.0.0.1:9", "refused")


async def test_a_collector_that_never_answers_holds_nobody() -> None:
    async def never(_: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", never)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        await check_away(f"http://127.0.0.1:{runner.addresses[0][1]}", "")
    finally:
        await runner.cleanup()


async def test_it_is_said_once_that_a_collector_refuses(receiver: Collector) -> None:
    receiver.status = 400
    _, _, lines, errors = await play("spans", OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint)
    assert receiver.requests >= 1
    assert [(line["event"], "400" in str(line["reason"])) for line in lines] == [
        ("traces cannot be sent, and are dropped until they can", True)
    ], errors


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "collector:4318",
            "OTEL_EXPORTER_OTLP_ENDPOINT is wrong: must start with one of",
        ),
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "grpc",
            "OTEL_EXPORTER_OTLP_PROTOCOL is wrong: input should be 'http/protobuf'",
        ),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "1", "One of the OTEL_ variables is wrong: max_export_batch_size must be"),
    ],
)
async def test_a_wrong_variable_is_one_sentence(name: str, value: str, sentence: str) -> None:
    given = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", name: value}
    code, _, _, errors = await play("spans", **given)
    assert (code, len(errors.splitlines())) == (2, 1), errors
    assert errors.startswith(sentence)
