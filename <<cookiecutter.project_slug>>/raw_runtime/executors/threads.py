"""Threads that are kept for the next call, and that nobody waits for at the end of the process.

A ThreadPoolExecutor would not do: its threads are joined at exit, and one may never end.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Threads:
    """Calls functions in threads; starts one when all are busy. To be used on one event loop."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._idle: list[SimpleQueue[Callable[[], None] | None]] = []
        self._closed = False

    def call(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Call it with the caller's context variables; return the future of what it returns or raises."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        context = contextvars.copy_context()
        inbox = self._idle.pop() if self._idle else self._start()

        def work() -> None:
            result: T | None = None
            error: BaseException | None = None
            try:
                result = context.run(function)
            except BaseException as raised:
                error = raised
            try:
                loop.call_soon_threadsafe(deliver, result, error)
            except RuntimeError:
                # The loop is closed: nobody waits any more.
                inbox.put(None)

        def deliver(result: Any, error: BaseException | None) -> None:
            if self._closed:
                inbox.put(None)
            else:
                self._idle.append(inbox)
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        inbox.put(work)
        return future

    def close(self) -> None:
        """Let the threads end, each when it has nothing to do."""
        self._closed = True
        while self._idle:
            self._idle.pop().put(None)

    def _start(self) -> SimpleQueue[Callable[[], None] | None]:
        inbox: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

        def serve() -> None:
            while (work := inbox.get()) is not None:
                work()

        threading.Thread(target=serve, name=self._name, daemon=True).start()
        return inbox
