"""Temporal's part of a trace: processes that are replayed, activities that fail, histories from before."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from settings import ROOT
from tracing.tests.collector import Collector, collector
from workflows.temporal.tests.traced_play import HISTORIES, ID, SECRET

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def receiver() -> AsyncIterator[Collector]:
    async with collector() as found:
        yield found


async def play(receiver: Collector, *words: str) -> list[str]:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "ENV_FILE": "/nonexistent"}
    env["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.endpoint
    command = [sys.executable, "-m", "workflows.temporal.tests.traced_play", *words]
    done = await asyncio.to_thread(
        subprocess.run, command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


async def test_a_process_that_is_replayed_at_each_step_has_each_span_once(receiver: Collector) -> None:
    assert "arrived" in await play(receiver, "evicted")
    trace = receiver.one("start").trace
    # Questions are traces of their own.
    names = Counter(span.name for span in receiver.spans if span.trace == trace)
    assert names["RunWorkflow:ParcelProcess"] == names["RunActivity:run_raw_workflow"] == 1
    assert names["StartActivity:record"] == names["RunActivity:record"] == 3
    assert len({span.id for span in receiver.spans}) == len(receiver.spans)
    assert receiver.path_to(receiver.one("RunActivity:run_raw_workflow")) == [
        "start",
        "StartWorkflow:ParcelProcess",
        "RunWorkflow:ParcelProcess",
        "StartActivity:run_raw_workflow",
        "RunActivity:run_raw_workflow",
    ]


async def test_what_fails_is_told_by_its_type_alone(receiver: Collector, tmp_path: Path) -> None:
    assert "failed" in await play(receiver, "failing", str(tmp_path))
    failed = receiver.one("RunActivity:hold")
    assert failed.failed
    assert failed.events == [{"name": "exception", "exception.type": "temporalio.exceptions.ApplicationError"}]
    assert receiver.one("RunWorkflow:Tiny").failed
    told = json.dumps([[span.name, span.attributes, span.events] for span in receiver.spans])
    assert not [words for words in (SECRET, ID) if words in told]


async def test_recorded_histories_are_replayed_as_before(receiver: Collector) -> None:
    assert sorted(await play(receiver, "replayed")) == sorted(path.stem for path in HISTORIES.glob("*.json"))
    assert receiver.spans == []
