"""Where a workflow's words go. Text is printed as it is: no markup, no wrapping, no colours."""

from __future__ import annotations

import sys
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class WorkflowLogger(Protocol):
    """Anything with `print(str)`."""

    def print(self, message: str) -> None:
        """Take one message."""


class PlainLogger:
    """Prints to standard output at once; what the stream's encoding cannot hold becomes `?`."""

    def print(self, message: str) -> None:
        """Print one message."""
        stream = sys.stdout
        if stream is None:  # a process without standard output
            return
        try:
            stream.write(message + "\n")
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(message.encode(encoding, "replace").decode(encoding) + "\n")
        stream.flush()


class RichConsoleLogger:
    """Prints through a console of rich (default: a new one); markup in the text is not read."""

    def __init__(self, console: Any = None) -> None:
        if console is None:
            from rich.console import Console

            console = Console()
        self._console = console

    def print(self, message: str) -> None:
        """Print one message."""
        self._console.print(message, markup=False, highlight=False, emoji=False, soft_wrap=True)


def as_logger(console: Any) -> WorkflowLogger:
    """Return a logger that prints on `console`: one of rich, or anything with `print(str)`."""
    if any(base.__module__.startswith("rich.") for base in type(console).__mro__):
        return RichConsoleLogger(console)
    return console  # type: ignore[no-any-return]


class NullLogger:
    """Drops every message."""

    def print(self, message: str) -> None:
        """Drop one message."""


class ListLogger:
    """Keeps the messages in `messages`."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def print(self, message: str) -> None:
        """Keep one message."""
        self.messages.append(message)


_logger: WorkflowLogger | None = None


def get_logger() -> WorkflowLogger:
    """Return the logger of workflows that were given none."""
    return _logger if _logger is not None else PlainLogger()


def set_logger(logger: WorkflowLogger | None) -> None:
    """Set the logger of workflows that are given none; None: the plain one."""
    global _logger
    _logger = logger
