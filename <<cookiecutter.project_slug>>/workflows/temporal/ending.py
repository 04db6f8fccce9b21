"""How a process ends that has used the Temporal SDK, and what a signal means to it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGTERM, signal.SIGINT)
# A terminal's Ctrl-C and the one who passes it on may both send it; a person who means it waits longer.
_SECOND_THOUGHT_SECONDS = 1.0


def leave(code: int) -> NoReturn:
    """End the process now, with everything written.

    The interpreter's own way out sometimes crashes, once the SDK's threads have run: a good worker would seem broken.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # Nobody reads it any more.
            continue
    os._exit(code)


def end_at_once_on_signals() -> None:
    """Let SIGTERM and SIGINT end the process with exit code 0 while it only imports: nothing was begun."""

    def end(_number: int, _frame: FrameType | None) -> None:
        leave(0)

    for number in SIGNALS:
        signal.signal(number, end)


def stop_on_signals(loop: asyncio.AbstractEventLoop) -> asyncio.Event:
    """Return an event that SIGTERM or SIGINT sets; a second SIGINT, a second later or more, ends the process."""
    stop = asyncio.Event()
    first = float("inf")

    def told(number: signal.Signals) -> None:
        nonlocal first
        if stop.is_set() and number == signal.SIGINT and time.monotonic() - first > _SECOND_THOUGHT_SECONDS:
            print("Ended at once, at the second Ctrl-C.", file=sys.stderr)
            leave(1)
        first = min(first, time.monotonic())
        stop.set()

    for number in SIGNALS:
        loop.add_signal_handler(number, told, number)
    return stop
