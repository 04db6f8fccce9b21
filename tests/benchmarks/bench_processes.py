"""Hiring processes a second against a bare Temporal workflow, on one in-memory dev server.

`python tests/benchmarks/bench_processes.py [--processes N] [--rounds N]`

Measured is what the hiring process itself costs, on its shortest branch (rejected by its CV): the same client, server
and worker run it, and a bare workflow with as many activities (bare_process.py); no activity does anything. Rounds
alternate, so that a busy machine slows both alike.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1] / "<<cookiecutter.project_slug>>"
sys.path[:0] = [str(HERE), str(SOURCE)]

import bare_process  # noqa: E402
from local_postgres import free_port  # noqa: E402
from temporalio.client import Client  # noqa: E402

from settings import Settings  # noqa: E402
from workflows.temporal.client import data_converter  # noqa: E402
from workflows.temporal.contracts import HIRING_PROCESS, HiringInput, HiringResult  # noqa: E402
from workflows.temporal.ending import leave  # noqa: E402
from workflows.temporal.executables import TEMPORAL, find_executable  # noqa: E402
from workflows.temporal.hiring_process import HiringProcess  # noqa: E402
from workflows.temporal.worker import make_worker  # noqa: E402

IN_FLIGHT = 32
AIM = 0.8


@contextmanager
def dev_server() -> Iterator[str]:
    """Start a dev server that keeps everything in memory; give its address."""
    program = find_executable(TEMPORAL)
    if program is None:
        raise SystemExit("temporal is not here: uv sync")
    port = str(free_port())
    words = ["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", port, "--log-level", "error"]
    look = [program, "operator", "namespace", "describe", "default", "--address", f"127.0.0.1:{port}"]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen([program, *words], stdout=log, stderr=log)
        try:
            for _ in range(200):
                if subprocess.run(look, capture_output=True, check=False).returncode == 0:
                    break
                if server.poll() is not None:
                    log.seek(0)
                    raise SystemExit(log.read().decode(errors="replace"))
                time.sleep(0.1)
            yield f"127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)


async def measure_processes(address: str, count: int, rounds: int) -> None:
    """Print processes a second of both, and the ratio."""
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    client = await Client.connect(address, data_converter=data_converter(settings))
    queue = settings.temporal_task_queue

    async def ours() -> None:
        given = HiringInput(candidate_id=str(uuid.uuid4()))
        name = f"hiring-{given.candidate_id}"
        result = await client.execute_workflow(
            HIRING_PROCESS, given, id=name, task_queue=queue, result_type=HiringResult
        )
        assert result.status == "rejected"

    async def bare() -> None:
        name = str(uuid.uuid4())
        assert await client.execute_workflow(bare_process.Bare.run, name, id=name, task_queue=queue) == "done"

    worker = make_worker(
        client, settings, workflows=[HiringProcess, bare_process.Bare], activities=bare_process.activities()
    )
    figures: dict[str, list[Round]] = {"bare workflow, 4 activities": [], "HiringProcess, rejected by its CV": []}
    async with worker:
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


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description="Hiring processes, against a bare Temporal workflow.")
    parser.add_argument("--processes", type=int, default=150, help="a round (default 150)")
    parser.add_argument("--rounds", type=int, default=4)
    arguments = parser.parse_args()
    with dev_server() as address:
        asyncio.run(measure_processes(address, arguments.processes, arguments.rounds))
    leave(0)


if __name__ == "__main__":
    main()
