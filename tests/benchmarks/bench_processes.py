"""Hiring processes: how many a second, how soon after the webhook's 202, and how soon a worker is ready.

`python tests/benchmarks/bench_processes.py [--processes N] [--rounds N] [--webhooks N]`

1. What the hiring process itself costs, on its shortest branch (rejected by its CV): the same client, server and
   worker run it, and a bare workflow with as many activities (bare_process.py); no activity does anything. Rounds
   alternate, so that a busy machine slows both alike.
2. The API and the worker as processes, on SQLite and PostgreSQL: from the 202 of a CV to its process's first activity.

All on one in-memory dev server on 127.0.0.1.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import secrets
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1] / "<<cookiecutter.project_slug>>"
# A user has bytecode: without it the SDK's sandbox compiles the workflow's module anew for every process.
FOLDER = Path(tempfile.mkdtemp(prefix="bench-processes-"))
sys.dont_write_bytecode, sys.pycache_prefix = False, str(FOLDER / "bytecode")
sys.path[:0] = [str(HERE), str(SOURCE)]

import bare_process  # noqa: E402
import httpx  # noqa: E402
from local_postgres import postgres  # noqa: E402
from process_servers import api, dev_server, worker  # noqa: E402
from standardwebhooks import Webhook  # noqa: E402
from temporalio.api.enums.v1 import EventType  # noqa: E402
from temporalio.client import Client  # noqa: E402
from temporalio.service import RPCError  # noqa: E402

from settings import Settings  # noqa: E402
from workflows.temporal.client import data_converter  # noqa: E402
from workflows.temporal.ending import leave  # noqa: E402
from workflows.temporal.executables import TEMPORAL, find_executable  # noqa: E402
from workflows.temporal.hiring_contracts import HIRING_PROCESS, HiringInput, HiringResult  # noqa: E402
from workflows.temporal.hiring_process import HiringProcess  # noqa: E402
from workflows.temporal.worker import make_worker  # noqa: E402

IN_FLIGHT = 32
AIM = 0.8
A_SECOND = 4
WARM_UP = 6
APPLICATION = {
    "name": "Ann Example",
    "email": "ann@example.com",
    "phone": "+49 30 901820",
    "position": "Backend engineer",
    "cv_text": "Seven years of Python, PostgreSQL and on-call. " * 40,
}


async def measure_processes(address: str, count: int, rounds: int) -> None:
    """Print processes a second of both, and the ratio."""
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    client = await Client.connect(address, data_converter=data_converter(settings))
    queue = settings.temporal_task_queue

    async def ours() -> None:
        given = HiringInput(entity_type="candidate", entity_id=str(uuid.uuid4()))
        name = f"hiring-{given.entity_id}"
        result = await client.execute_workflow(
            HIRING_PROCESS, given, id=name, task_queue=queue, result_type=HiringResult
        )
        assert result.status == "rejected"

    async def bare() -> None:
        name = str(uuid.uuid4())
        assert await client.execute_workflow(bare_process.Bare.run, name, id=name, task_queue=queue) == "done"

    working = make_worker(
        client, settings, workflows=[HiringProcess, bare_process.Bare], activities=bare_process.activities()
    )
    figures: dict[str, list[Round]] = {"bare workflow, 4 activities": [], "HiringProcess, rejected by its CV": []}
    async with working:
        for number in range(rounds + 1):
            # Whoever comes first meets what the other left: they take turns.
            turns = list(zip(figures.values(), (bare, ours), strict=True))
            for rows, one in turns if number % 2 else reversed(turns):
                row = await _round(one, count if number else count // 3)
                if number:
                    rows.append(row)
    print(f"\n{IN_FLIGHT} in flight, {count} a round, medians of {rounds} rounds, instant activities, one worker")
    print(f"{'':38}{'a second':>10}{'ratio':>8}{'CPU ms each':>13}")
    base = None
    for name, rows in figures.items():
        middle = statistics.median(row.a_second for row in rows)
        base = base or middle
        busy = statistics.median(row.cpu_ms for row in rows)
        print(f"{name:38}{middle:10.1f}{middle / base:8.2f}{busy:13.1f}")
    pairs = [ours.a_second / bare.a_second for bare, ours in zip(*figures.values(), strict=True)]
    shown = ", ".join(f"{pair:.2f}" for pair in pairs)
    print(f"Ratios of the rounds: {shown}; their median {statistics.median(pairs):.2f}. Aimed at: >= {AIM}")


class Round(NamedTuple):
    """How many ended a second, and the processor time that this process (client and worker) took for each."""

    a_second: float
    cpu_ms: float


async def _round(one: Callable[[], Awaitable[None]], count: int) -> Round:
    """Run so many, IN_FLIGHT at a time."""
    left = iter(range(count))

    async def lane() -> None:
        for _ in left:
            await one()

    began, busy = time.perf_counter(), time.process_time()
    await asyncio.gather(*(lane() for _ in range(IN_FLIGHT)))
    return Round(count / (time.perf_counter() - began), (time.process_time() - busy) * 1000 / count)


class Latency(NamedTuple):
    """Milliseconds from a webhook's 202: until its process was started, and until its first activity was."""

    process: float
    activity: float


def measure_latency(project: Path, address: str, kind: str, url: str, count: int) -> None:
    """Print how long after the 202 of a CV its process acts, with the API and the worker as a user starts them."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
        "PYTHONPATH": str(project),
        "RAW_PROJECT_ROOT": str(project),
        "DATABASE_URL": url,
        "DEV_FOLDER": str(project.parent / f"dev-{kind}"),
        "WEBHOOK_SECRETS": secret,
        "TEMPORAL_ADDRESS": address,
        "TEMPORAL_TASK_QUEUE": f"bench-{kind}",
    }
    with api(project, env) as base, worker(project, env) as seconds:
        rows = asyncio.run(_submit(base, address, Webhook(secret), count))
    print(f"{kind:12}{count:7}", end="")
    for values in zip(*rows, strict=True):
        cuts = statistics.quantiles(values, n=100, method="inclusive")
        print(f"{cuts[49]:10.0f}{cuts[98]:8.0f}", end="")
    print(f"{seconds:12.2f}")


async def _submit(base: str, address: str, webhook: Webhook, count: int) -> list[Latency]:
    """Send so many CVs, A_SECOND of them; the first ones warm up and do not count."""
    acknowledged: dict[str, datetime] = {}
    async with httpx.AsyncClient(base_url=base, timeout=30) as http:

        async def send() -> None:
            body, name, now = json.dumps(APPLICATION), uuid.uuid4().hex, datetime.now(UTC)
            signature = webhook.sign(name, now, body)
            headers = {
                "webhook-id": name,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": signature,
                "content-type": "application/json",
            }
            answer = await http.post("/webhooks/cv-submission", content=body, headers=headers)
            at = datetime.now(UTC)
            if answer.status_code != 202:
                raise SystemExit(f"Not a 202: {answer.status_code} {answer.text}")
            acknowledged[answer.json()["id"]] = at

        for _ in range(WARM_UP):
            await send()
        await asyncio.sleep(2)
        acknowledged.clear()
        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(send())
                await asyncio.sleep(1 / A_SECOND)
    client = await Client.connect(address)
    return [await _latency(client, candidate, at) for candidate, at in acknowledged.items()]


async def _latency(client: Client, candidate: str, at: datetime) -> Latency:
    """Read the two times in the history, by the clock of this machine; the second is there once the activity ended."""
    handle = client.get_workflow_handle(f"hiring-{candidate}")
    wanted = (EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED)
    async with asyncio.timeout(60):
        while True:
            with suppress(RPCError):
                found: dict[int, float] = {}
                for event in (await handle.fetch_history()).events:
                    when = event.event_time.ToDatetime(UTC)
                    found.setdefault(event.event_type, (when - at).total_seconds() * 1000)
                if all(kind in found for kind in wanted):
                    return Latency(*(found[kind] for kind in wanted))
            await asyncio.sleep(0.05)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description="Hiring processes: how many a second, and how soon after the 202.")
    parser.add_argument("--processes", type=int, default=40, help="a round (default 40)")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--webhooks", type=int, default=32, help="on each database (default 32)")
    arguments = parser.parse_args()
    program = find_executable(TEMPORAL)
    if program is None:
        raise SystemExit("temporal is not here: uv sync")
    try:
        # A copy, so that the runs made here are not left in the template.
        project = FOLDER / "project"
        shutil.copytree(SOURCE, project, ignore=shutil.ignore_patterns("runs", "dev", ".venv", ".env"))
        with dev_server(program, FOLDER) as address:
            asyncio.run(measure_processes(address, arguments.processes, arguments.rounds))
            print(
                f"\nFrom the webhook's 202, {A_SECOND} CVs a second, with the RAW runs that they cause on this machine"
            )
            print(f"{'ms':19}{'process started':>18}{'first activity':>18}{'worker up, s':>12}")
            print(f"{'':12}{'CVs':>7}{'p50':>10}{'p99':>8}{'p50':>10}{'p99':>8}")
            measure_latency(project, address, "sqlite", f"sqlite+aiosqlite:///{FOLDER}/app.db", arguments.webhooks)
            with postgres() as url:
                measure_latency(project, address, "postgresql", url, arguments.webhooks)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    leave(0)


if __name__ == "__main__":
    main()
