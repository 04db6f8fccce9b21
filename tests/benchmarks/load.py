"""Sends prepared HTTP requests over kept connections, in a process of its own; prints the figures as JSON.

`python load.py HOST PORT CONNECTIONS < requests`: standard input holds each request's bytes after a line with their
number.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time


async def _send(host: str, port: int, work: list[bytes], took: list[float], statuses: dict[int, int]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    while work:
        request = work.pop()
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        took.append(time.perf_counter() - started)
        status = int(head[9:12])
        statuses[status] = statuses.get(status, 0) + 1
    writer.close()


async def main(host: str, port: int, connections: int) -> None:
    """Send everything on standard input."""
    work: list[bytes] = []
    while line := sys.stdin.buffer.readline():
        work.append(sys.stdin.buffer.read(int(line)))
    took: list[float] = []
    statuses: dict[int, int] = {}
    started = time.perf_counter()
    await asyncio.gather(*(_send(host, port, work, took, statuses) for _ in range(connections)))
    seconds = time.perf_counter() - started
    took.sort()
    print(
        json.dumps(
            {
                "requests_per_second": len(took) / seconds,
                "p50_ms": took[len(took) // 2] * 1000,
                "p99_ms": took[int(len(took) * 0.99)] * 1000,
                "statuses": statuses,
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
