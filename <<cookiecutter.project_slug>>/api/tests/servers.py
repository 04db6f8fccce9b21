"""Real server processes for tests, ended or killed: uvicorn, started as the README says, and Temporal's test server."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from temporalio.client import Client as TemporalClient
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError

from api.tests.support import KEY, SECRET
from settings import ROOT
from workflows.temporal.executables import TEST_SERVER, find_executable


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A uvicorn process that can be started again on its port, with its settings."""

    def __init__(self, url: str, folder: Path, **settings: str) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"server-{self.port}.log"
        self.process: asyncio.subprocess.Process | None = None
        # Nothing of the user's own environment or .env may decide what a test sees.
        self._env = {
            # The second lets a gate that runs out of time end this process too.
            **{name: os.environ[name] for name in ("PATH", "RAW_GATES_COMMAND") if name in os.environ},
            "PYTHONPATH": str(ROOT),
            "RAW_PROJECT_ROOT": str(ROOT),
            "DATABASE_URL": url,
            "WEBHOOK_SECRETS": SECRET,
            "API_KEYS": KEY,
            "PUBLIC_URL": "",
            # Nothing listens there: a test that wants Temporal says where it is.
            "TEMPORAL_ADDRESS": "127.0.0.1:9",
            **settings,
        }

    async def start(self) -> None:
        """Start, and wait until it is ready."""
        command = [sys.executable, "-m", "uvicorn", "api.main:app", "--port", str(self.port)]
        with self.log.open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                *command, cwd=ROOT, env=self._env, stdout=out, stderr=out, start_new_session=True
            )
        async with asyncio.timeout(60), httpx.AsyncClient(base_url=self.base) as client:
            while True:
                assert self.process.returncode is None, self.log.read_text()
                try:
                    if (await client.get("/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """End it as a power cut would: no signal handler runs."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int | None:
        """End it in order; return its exit code."""
        if self.process is None or self.process.returncode is not None:
            return None
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 60)


@asynccontextmanager
async def serving(url: str, folder: Path, **settings: str) -> AsyncIterator[Server]:
    """Give a server that runs, and end it afterwards."""
    server = Server(url, folder, **settings)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


class TestServer:
    """Temporal's test server, as a process that a test starts when it likes."""

    __test__ = False

    def __init__(self, port: int) -> None:
        self.port = port
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> TemporalClient:
        """Start; return a client once it answers."""
        path = find_executable(TEST_SERVER)
        assert path, f"{TEST_SERVER} is not here: uv sync"
        quiet = asyncio.subprocess.DEVNULL
        self.process = await asyncio.create_subprocess_exec(path, str(self.port), stdout=quiet, stderr=quiet)
        async with asyncio.timeout(30):
            while True:
                try:
                    return await TemporalClient.connect(
                        f"127.0.0.1:{self.port}", data_converter=pydantic_data_converter
                    )
                except (RuntimeError, RPCError):
                    await asyncio.sleep(0.1)

    async def kill(self) -> None:
        """End it at once."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
