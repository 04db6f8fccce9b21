"""One trace through the whole system, all of it real: API, outbox, Temporal, worker, RAW run, with a worker killed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from api.tests.hiring import APPLICATION, RECRUITER
from api.tests.whole import whole_system
from db import testing
from settings import ROOT
from tracing.tests.collector import Collector, Seen, collector
from workflows.temporal.tests.servers import needs_server

pytestmark = [pytest.mark.anyio, pytest.mark.server, pytest.mark.slow, needs_server]

CV = (ROOT / ".raw/workflows/analyze-cv/mocks/senior.txt").read_text()


@pytest.mark.parametrize("kind", testing.kinds())
async def test_one_trace_from_the_webhook_to_the_raw_run(kind: str, tmp_path: Path) -> None:
    variables = {"OTEL_BSP_SCHEDULE_DELAY": "100", "RECRUITER_EMAIL": RECRUITER}
    async with collector() as seen, testing.migrated_database(kind, tmp_path) as url:
        variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = seen.endpoint
        async with whole_system(url, tmp_path, **variables) as whole:
            application = {**APPLICATION, "cv_text": CV}
            candidate = (await whole.sender.webhook("/webhooks/cv-submission", application, "msg_1"))["id"]
            await seen.until(lambda: seen.named("RunActivity:send_mail"), 120)
            await whole.kill_worker()
            path = f"/candidates/{candidate}/withdrawal"
            assert await whole.sender.person(path, {"note": "They changed their mind."}, "key-1") == 202
            await seen.until(lambda: seen.named("RunWorkflow:HiringProcess"), 120)
            worker_lines, api_lines = whole.worker.text(), whole.api.log.read_text()
    first = seen.one("POST /webhooks/cv-submission")
    run = seen.one("raw run analyze-cv")
    assert seen.path_to(run) == [
        "POST /webhooks/cv-submission",
        "outbox start",
        "StartWorkflow:HiringProcess",
        "RunWorkflow:HiringProcess",
        "StartActivity:run_raw_workflow",
        "RunActivity:run_raw_workflow",
        "raw run analyze-cv",
    ]
    assert {run.trace, seen.one("RunWorkflow:HiringProcess").trace} == {first.trace}
    assert [span.service for span in (first, run)] == ["api", "worker"]
    # What a killed worker left open, the next one closes: one span for the process, over its whole length.
    process = seen.one("RunWorkflow:HiringProcess")
    assert process.seconds > seen.one("raw run analyze-cv").seconds
    # A signal belongs to the trace of what sent it.
    signal = seen.one("HandleSignal:withdrawal")
    assert seen.path_to(signal)[:3] == [
        f"POST {path.replace(candidate, '{id}')}",
        "outbox signal",
        "SignalWorkflow:withdrawal",
    ]
    assert signal.trace != first.trace
    assert len({span.id for span in seen.spans}) == len(seen.spans)
    check_private(seen.spans, candidate)
    check_logs(seen, worker_lines, api_lines)


def check_private(spans: list[Seen], candidate: str) -> None:
    told = json.dumps([[span.name, span.attributes, span.events] for span in spans])
    people = (candidate, APPLICATION["name"], APPLICATION["email"], APPLICATION["phone"], "changed their mind")
    assert not [words for words in people if words in told]


def check_logs(seen: Collector, worker_lines: str, api_lines: str) -> None:
    delivered = [json.loads(line) for line in api_lines.splitlines() if '"delivered"' in line]
    assert seen.one("outbox start").id in {line["span_id"] for line in delivered}
    assert json.loads(worker_lines.splitlines()[-1])


async def test_what_waited_while_temporal_was_away_is_still_in_its_trace(tmp_path: Path) -> None:
    async with collector() as seen, testing.migrated_database("sqlite", tmp_path) as url:
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": seen.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        async with whole_system(url, tmp_path, **variables) as whole:
            await asyncio.to_thread(whole.temporal.kill)
            await whole.sender.webhook("/webhooks/cv-submission", {**APPLICATION, "cv_text": CV}, "msg_1")
            await seen.until(lambda: seen.named("outbox start"), 60)
            # Another process delivers it, later.
            await whole.kill_api()
            await asyncio.to_thread(whole.temporal.start)
            await seen.until(lambda: seen.named("RunActivity:record"), 120)
    first = seen.one("POST /webhooks/cv-submission")
    tries = seen.named("outbox start")
    assert len(tries) > 1
    assert {(one.trace, one.parent) for one in tries} == {(first.trace, first.id)}
    assert [one.failed for one in tries].count(False) == 1
    assert {span.trace for span in seen.named("RunActivity:record")} == {first.trace}
