"""Messages between a pool and its workers: four bytes of length (big-endian), then a JSON object in ASCII."""

from __future__ import annotations

import json
import socket
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

_LENGTH = struct.Struct(">I")
_CHUNK = 2**18


def encode(message: dict[str, Any]) -> bytes:
    """Return the bytes of one message."""
    body = json.dumps(message, default=str).encode("ascii")
    return _LENGTH.pack(len(body)) + body


def send(sock: socket.socket, message: dict[str, Any]) -> None:
    """Send one message, blocking until the kernel has taken it."""
    sock.sendall(encode(message))


def receive(sock: socket.socket) -> dict[str, Any] | None:
    """Return the next message, blocking; None when the other end is closed."""
    head = _exactly(sock, _LENGTH.size)
    body = None if head is None else _exactly(sock, _LENGTH.unpack(head)[0])
    return None if body is None else _decode(body)


async def receive_async(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> dict[str, Any] | None:
    """Return the next message of a non-blocking socket; None when the other end is closed."""
    head = await _exactly_async(loop, sock, _LENGTH.size)
    body = None if head is None else await _exactly_async(loop, sock, _LENGTH.unpack(head)[0])
    return None if body is None else _decode(body)


def _decode(body: bytearray) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(body)
    return message


def _exactly(sock: socket.socket, size: int) -> bytearray | None:
    got = bytearray()
    while len(got) < size:
        try:
            chunk = sock.recv(min(size - len(got), _CHUNK))
        except ConnectionError:
            return None
        if not chunk:
            return None
        got += chunk
    return got


async def _exactly_async(loop: asyncio.AbstractEventLoop, sock: socket.socket, size: int) -> bytearray | None:
    got = bytearray()
    while len(got) < size:
        try:
            chunk = await loop.sock_recv(sock, min(size - len(got), _CHUNK))
        except ConnectionError:
            return None
        if not chunk:
            return None
        got += chunk
    return got
