"""Asking for approval on the terminal, or answering always the same."""

from __future__ import annotations

import os
import select
import sys
import time
from typing import Any

from raw_runtime.protocols.logger import PlainLogger, as_logger

_YES = ("y", "yes", "approve")
_NO = ("", "n", "no", "reject")


class ConsoleApprovalHandler:
    """Asks on standard output and reads the answer from standard input. `console` is anything with `print(str)`."""

    def __init__(self, console: Any = None) -> None:
        self.console = as_logger(console) if console is not None else PlainLogger()

    def request_approval(
        self, step_name: str, prompt: str, options: list[str], context: dict[str, Any], timeout_seconds: float | None
    ) -> str:
        """Return the option that the person chose.

        Raises:
            TimeoutError: no answer came within `timeout_seconds`.
            RuntimeError: there is nobody to ask: standard input is at its end.
        """
        deadline = time.monotonic() + timeout_seconds if timeout_seconds is not None else None
        is_yes_no = set(options) == {"approve", "reject"} and len(options) == 2
        question = "Approve? [y/N]" if is_yes_no else f"Decision [{'/'.join(options)}]"
        self.console.print(f"Approval required: {step_name}\n  {prompt}")
        for key, value in context.items():
            self.console.print(f"  {key}: {value}")
        while True:
            self.console.print(question)
            line = _read_line(deadline)
            if line is None:
                raise TimeoutError(f"No answer to {step_name!r} within {timeout_seconds} s.")
            if not line:
                raise RuntimeError(
                    f"Approval {step_name!r} needs an answer, and there is no input. Run it on a terminal, or set "
                    "an answer with set_approval_handler(AutoApprovalHandler('approve'))."
                )
            answer = line.strip()
            if is_yes_no and answer.lower() in _YES + _NO:
                return "approve" if answer.lower() in _YES else "reject"
            if answer in options:
                return answer


def _read_line(deadline: float | None) -> str | None:
    """Return the next line of standard input with its newline, "" at the end of input, None after the deadline."""
    try:
        fd = sys.stdin.fileno()
    except (OSError, ValueError, AttributeError):
        # Replaced by an object that holds text: it answers at once.
        return sys.stdin.readline() if sys.stdin is not None else ""
    data = b""
    # Byte by byte: what is read ahead would be lost to the next reader.
    while not data.endswith(b"\n"):
        wait = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not select.select([fd], [], [], wait)[0]:
            return None
        byte = os.read(fd, 1)
        if not byte:
            break
        data += byte
    return data.decode("utf-8", "replace")


class AutoApprovalHandler:
    """Answers every request with `decision`."""

    def __init__(self, decision: str = "approve") -> None:
        self.decision = decision

    def request_approval(
        self,
        step_name: str,  # noqa: ARG002 - the protocol's
        prompt: str,  # noqa: ARG002
        options: list[str],  # noqa: ARG002
        context: dict[str, Any],  # noqa: ARG002
        timeout_seconds: float | None,  # noqa: ARG002
    ) -> str:
        """Return the decision."""
        return self.decision
