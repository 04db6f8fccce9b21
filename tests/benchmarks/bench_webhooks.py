"""Webhooks to their 202 on PostgreSQL, against a bare endpoint with one INSERT, and against the seed's sample.

`python tests/benchmarks/bench_webhooks.py [--requests N] [--rounds N]`. The servers, PostgreSQL and the load each
are processes of their own, on 127.0.0.1. Rounds alternate, so that a busy machine slows all alike; medians are shown.
"""

from __future__ import annotations

import argparse
import atexit
import base64
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from local_postgres import free_port, postgres
from standardwebhooks import Webhook

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1] / "<<cookiecutter.project_slug>>"
# A copy, so that the runs made here are not left in the template.
PROJECT = Path(tempfile.mkdtemp(prefix="bench-project-")) / "project"
SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
CONNECTIONS = 32
FORM = {"form": "contact", "email": "ann@example.com", "text": "My invoice 4711 was charged twice. " * 10}
APPLICATION = {
    "name": "Ann Example",
    "email": "ann@example.com",
    "phone": "+49 30 901820",
    "position": "Backend engineer",
    "cv_text": "Seven years of Python, PostgreSQL and on-call. " * 40,
}


def plain(path: str, body: dict[str, str]) -> bytes:
    """Return a request without a signature."""
    return _request(path, json.dumps(body).encode(), {})


def signed(path: str, body: dict[str, str]) -> bytes:
    """Return a signed request under an id of its own."""
    data, webhook_id, now = json.dumps(body), uuid.uuid4().hex, datetime.now(UTC)
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(webhook_id, now, data),
    }
    return _request(path, data.encode(), headers)


def _request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", "content-type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()] + [f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def load(port: int, make: Callable[[], bytes], count: int, connections: int = CONNECTIONS) -> dict[str, Any]:
    """Send `count` requests from another process; return its figures."""
    requests = [make() for _ in range(count)]
    data = b"".join(b"%d\n%b" % (len(request), request) for request in requests)
    command = [sys.executable, str(HERE / "load.py"), "127.0.0.1", str(port), str(connections)]
    done = subprocess.run(command, input=data, capture_output=True, check=True, timeout=600)
    figures: dict[str, Any] = json.loads(done.stdout)
    if set(figures["statuses"]) != {"202"}:
        raise SystemExit(f"Not every answer was a 202: {figures['statuses']}")
    return figures


@contextmanager
def server(app: str, env: dict[str, str], *words: str) -> Iterator[tuple[int, psutil.Process]]:
    """Start uvicorn; give its port and process."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", app, "--host", "127.0.0.1", "--port", str(port), *words]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env={**os.environ, **env}, stdout=log, stderr=log, cwd=HERE)
        try:
            for _ in range(300):
                if process.poll() is not None:
                    log.seek(0)
                    raise SystemExit(log.read().decode(errors="replace"))
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json", timeout=2).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield port, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(60)


def coordinator(url: str, **more: str) -> Any:
    """Start our application, as a user would."""
    env = {
        "PYTHONPATH": str(PROJECT),
        "TEMPORAL_ADDRESS": "127.0.0.1:9",  # nothing listens there
        "DATABASE_URL": url,
        "WEBHOOK_SECRETS": SECRET,
        "RAW_PROJECT_ROOT": str(PROJECT),
        **more,
    }
    return server("api.main:app", env)


def bare(url: str) -> Any:
    """Start what we are measured against, without an access log, as nothing else is in its way."""
    env = {
        "PYTHONPATH": str(HERE),
        "BARE_DATABASE_URL": url.replace("postgresql://", "postgresql+asyncpg://"),
        "PROJECT": str(PROJECT),
    }
    env["PYTHONPATH"] = f"{HERE}{os.pathsep}{PROJECT}"
    return server("bare_app:app", env, "--no-access-log")


def measure(url: str, count: int, rounds: int) -> None:
    """Print requests per second, p50 and p99 of each, and the ratios."""
    with ExitStack() as stack:
        quiet, _ = stack.enter_context(coordinator(url, SUBMISSION_CONCURRENCY="0"))
        least, _ = stack.enter_context(bare(url))
        series: dict[str, tuple[int, Callable[[], bytes]]] = {
            "bare endpoint, one INSERT": (least, lambda: plain("/bare", FORM)),
            "/webhooks/submit": (quiet, lambda: signed("/webhooks/submit", FORM)),
            "/webhooks/cv-submission": (quiet, lambda: signed("/webhooks/cv-submission", APPLICATION)),
        }
        figures: dict[str, list[dict[str, Any]]] = {name: [] for name in series}
        for number in range(rounds + 1):
            for name, (port, make) in series.items():
                one = load(port, make, count if number else min(count, 300))
                if number:
                    figures[name].append(one)
        slow = load(least, lambda: plain("/seed", FORM), 12, 4)
    with coordinator(url) as (port, _):
        busy = [load(port, series["/webhooks/submit"][1], count) for _ in range(rounds)]
    figures["/webhooks/submit, runs going on"] = busy
    figures["seed: subprocess.run in the handler"] = [slow]

    print(f"\n{CONNECTIONS} connections, {count} requests a round, medians of {rounds} rounds, one process each")
    print(f"{'':38}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'ratio':>8}")
    base = None
    for name, rows in figures.items():
        middle = {key: statistics.median(row[key] for row in rows) for key in rows[0] if key != "statuses"}
        base = base or middle["requests_per_second"]
        ratio = middle["requests_per_second"] / base
        print(
            f"{name:38}{middle['requests_per_second']:9.0f}{middle['p50_ms']:9.1f}{middle['p99_ms']:9.1f}{ratio:8.2f}"
        )
    ours = statistics.median(row["requests_per_second"] for row in figures["/webhooks/submit"])
    print(f"Against the seed's sample: {ours / slow['requests_per_second']:.0f} times the requests per second")
    print("Aimed at: ratio >= 0.70 for both webhooks")


def measure_memory(url: str) -> None:
    """Print the memory of the API process after 1 000 and after 10 000 webhooks."""
    with coordinator(url) as (port, process):
        after: dict[int, float] = {}
        sent = 0
        for total in (1000, 10_000):
            while sent < total:
                load(port, lambda: signed("/webhooks/submit", FORM), 1000)
                sent += 1000
            after[total] = process.memory_info().rss / 1e6
    growth = after[10_000] / after[1000] - 1
    print(
        f"\nAPI process: {after[1000]:.1f} MB after 1 000 webhooks, {after[10_000]:.1f} MB after 10 000 ({growth:+.0%})"
    )
    print("Aimed at: within 20 %")


def main() -> None:
    """Measure."""
    shutil.copytree(SOURCE, PROJECT, ignore=shutil.ignore_patterns("runs", "dev", ".venv"))
    atexit.register(shutil.rmtree, PROJECT.parent, ignore_errors=True)
    parser = argparse.ArgumentParser(description="Webhooks to their 202, on PostgreSQL.")
    parser.add_argument("--requests", type=int, default=2000, help="a round (default 2000)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-memory", action="store_true", help="leave out the 10 000 webhooks")
    arguments = parser.parse_args()
    with postgres() as url:
        measure(url, arguments.requests, arguments.rounds)
        if not arguments.no_memory:
            measure_memory(url)


if __name__ == "__main__":
    main()
