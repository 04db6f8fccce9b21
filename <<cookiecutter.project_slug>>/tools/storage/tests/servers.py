"""What the tests talk to: rclone's S3 server, one that answers on order, and a line that changes bytes."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


def _rclone() -> str | None:
    beside = Path(sys.executable).with_name("rclone")
    return str(beside) if beside.exists() else shutil.which("rclone")


RCLONE = _rclone()
needs_s3 = pytest.mark.skipif(RCLONE is None, reason="rclone is not on PATH: uv sync --group integration")


@dataclass(frozen=True)
class RealS3:
    """A server that runs: its address, its keys, and the folder of its buckets."""

    url: str
    folder: Path
    key: str = "TESTKEY"
    secret: str = field(default_factory=lambda: secrets.token_hex(16))

    def settings(self) -> dict[str, str]:
        """The settings of the bucket "reports"."""
        return {
            "s3_endpoint_url": self.url,
            "s3_region": "us-east-1",
            "s3_access_key_id": self.key,
            "s3_secret_access_key": self.secret,
            "s3_bucket": "reports",
        }


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def real_s3(folder: Path) -> Iterator[RealS3]:
    """Run rclone's S3 server over a folder."""
    assert RCLONE is not None
    (folder / "buckets" / "reports").mkdir(parents=True)
    port = free_port()
    server = RealS3(f"http://127.0.0.1:{port}", folder / "buckets")
    command = [RCLONE, "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", f"{server.key},{server.secret}"]
    command += ["--dir-cache-time", "1ms"]  # so that it sees what a test puts into its folder
    env = {**os.environ, "RCLONE_CONFIG": os.devnull, "HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, str(server.folder)], env=env, stdout=log, stderr=log)
        try:
            _wait_for(port, process, folder / "log")
            yield server
        finally:
            process.kill()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    limit = time.monotonic() + 20
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < limit, "rclone did not start within 20 s"
        time.sleep(0.02)


@dataclass
class Ordered:
    """A server that answers every request with the same, and keeps what it got."""

    url: str = ""
    status: int = 200
    body: str = ""
    delay_seconds: float = 0.0
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def ordered() -> Iterator[Ordered]:
    """Run a server that answers on order, on a free port of 127.0.0.1."""
    order = Ordered()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            order.requests.append((self.command, self.path, headers, body))
            time.sleep(order.delay_seconds)
            answer = b"" if self.command == "HEAD" else order.body.encode()
            self.send_response(order.status)
            self.send_header("ETag", '"x"')
            self.send_header("Content-Length", str(len(answer)))
            with suppress(OSError):  # who asked may have given up
                self.end_headers()
                self.wfile.write(answer)

        do_PUT = do_GET = do_HEAD = do_DELETE = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    order.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield order
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def raw_server(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """Give each connection on a port of 127.0.0.1, which is returned, to `handle`, then close it."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            handle(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


@contextmanager
def changed_line(port: int, old: bytes, new: bytes) -> Iterator[str]:
    """Run a line to a port that turns some bytes into others, both ways; returns its URL."""

    def forward(connection: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", port)) as other:
            back = threading.Thread(target=copy, args=(other, connection), daemon=True)
            back.start()
            copy(connection, other)
            back.join()

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data.replace(old, new))
            target.shutdown(socket.SHUT_WR)

    with raw_server(forward) as listening:
        yield f"http://127.0.0.1:{listening}"
