"""The processes that bench_processes.py starts: Temporal's dev server, our API and our worker, on 127.0.0.1."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from local_postgres import free_port

READY_SECONDS = 60.0


@contextmanager
def process(command: Sequence[str], env: Mapping[str, str], cwd: Path, is_ready: Callable[[], bool]) -> Iterator[float]:
    """Start a process, wait until it is ready, give the seconds that took; it ends afterwards."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        running = subprocess.Popen(command, env=dict(env), cwd=cwd, stdout=log, stderr=log)
        try:
            while not is_ready():
                if running.poll() is not None or time.perf_counter() - began > READY_SECONDS:
                    log.seek(0)
                    raise SystemExit(f"{command[:3]} is not ready:\n{log.read().decode(errors='replace')[-3000:]}")
                time.sleep(0.02)
            yield time.perf_counter() - began
        finally:
            running.terminate()
            try:
                running.wait(45)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


@contextmanager
def dev_server(program: str, cwd: Path) -> Iterator[str]:
    """Start a dev server that keeps everything in memory; give its address."""
    address = f"127.0.0.1:{free_port()}"
    command = [program, "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", address.partition(":")[2]]
    look = [program, "operator", "namespace", "describe", "default", "--address", address]

    def is_ready() -> bool:
        return subprocess.run(look, capture_output=True, check=False).returncode == 0

    with process([*command, "--log-level", "error"], os.environ, cwd, is_ready):
        yield address


@contextmanager
def api(project: Path, env: Mapping[str, str]) -> Iterator[str]:
    """Start the API; give its URL."""
    base, words = _place()
    with process([sys.executable, "-m", "uvicorn", "api.main:app", *words], env, project, lambda: _answers(base)):
        yield base


@contextmanager
def worker(project: Path, env: Mapping[str, str]) -> Iterator[float]:
    """Start the worker; give the seconds until its /readyz."""
    base, words = _place()
    command = [sys.executable, "-m", "workflows.temporal", "worker"]
    with process(command, {**env, "WORKER_HEALTH_PORT": words[-1]}, project, lambda: _answers(base)) as seconds:
        yield seconds


def _place() -> tuple[str, list[str]]:
    port = free_port()
    return f"http://127.0.0.1:{port}", ["--host", "127.0.0.1", "--port", str(port)]


def _answers(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
