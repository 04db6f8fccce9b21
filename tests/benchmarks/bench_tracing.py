"""What tracing costs a webhook: the same server with it off and on, in one run, on SQLite.

`python tests/benchmarks/bench_tracing.py [--requests N] [--rounds N]`. The servers, what stands for a collector and the
load each are processes of their own, on 127.0.0.1. Rounds alternate, so that a busy machine slows all alike.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import bench_webhooks as webhooks


@contextmanager
def sink() -> Iterator[str]:
    """Start what stands for a collector; give its address."""
    command = [sys.executable, str(webhooks.HERE / "otlp_sink.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def measure(count: int, rounds: int, connections: int) -> None:
    """Print requests per second, p50, p99 and processor seconds for a thousand webhooks, off and on."""
    # Nothing is run, so the template itself will do.
    webhooks.PROJECT = webhooks.SOURCE
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        endpoint = stack.enter_context(sink())
        given: dict[str, dict[str, str]] = {
            "off": {},
            "on": {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint},
            "on, one in ten kept": {
                "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
                "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
                "OTEL_TRACES_SAMPLER_ARG": "0.1",
            },
        }
        servers = {
            name: stack.enter_context(
                webhooks.coordinator(
                    f"sqlite+aiosqlite:///{folder}/{number}.db", SUBMISSION_CONCURRENCY="0", ENV_FILE="/none", **more
                )
            )
            for number, (name, more) in enumerate(given.items())
        }
        figures: dict[str, list[dict[str, Any]]] = {name: [] for name in servers}
        for one in range(rounds + 1):
            for name, (port, process) in servers.items():
                before = sum(process.cpu_times()[:2])
                done = webhooks.load(
                    port, lambda: webhooks.signed("/webhooks/submit", webhooks.FORM), count, connections
                )
                done["cpu"] = (sum(process.cpu_times()[:2]) - before) / count * 1000
                if one:  # the first warms up
                    figures[name].append(done)
    show(figures)


def show(figures: dict[str, list[dict[str, Any]]]) -> None:
    """Print the medians, and each against `off`."""
    keys = ("requests_per_second", "p50_ms", "p99_ms", "cpu")
    print(f"{'tracing':22}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}{'cpu s/1000':>12}   ratio of each to off")
    base: list[float] = []
    for name, rounds in figures.items():
        values = [statistics.median(one[key] for one in rounds) for key in keys]
        base = base or values
        ratios = "  ".join(f"{value / off:.2f}" for value, off in zip(values, base, strict=True))
        print(f"{name:22}{values[0]:10.0f}{values[1]:9.1f}{values[2]:9.1f}{values[3]:12.2f}   {ratios}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=8)
    arguments = parser.parse_args()
    measure(arguments.requests, arguments.rounds, arguments.connections)
