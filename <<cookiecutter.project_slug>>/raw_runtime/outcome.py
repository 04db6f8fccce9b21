"""What a run came to, from what `run()` returned or raised.

- 0, None or True: success. Another number: failed, with that exit code. False: failed, 1.
- a WorkflowResult: what it says. Anything else: failed, 1, and the message says why.
- an exception: failed, 1; KeyboardInterrupt: cancelled, 130; SystemExit: its code.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from raw_runtime.redact import describe
from raw_runtime.result import EXIT_CANCELLED, EXIT_FAILED, EXIT_OK
from raw_runtime.signals import WorkflowResult

if TYPE_CHECKING:
    from types import TracebackType

SUCCEEDED = "Workflow completed successfully"


class Outcome:
    """`status` is success, failed or cancelled; `signal` is success, error or complete."""

    __slots__ = ("data", "exit_code", "message", "signal", "status")

    def __init__(self, status: str, signal: str, exit_code: int, message: str, data: Any = None) -> None:
        self.status = status
        self.signal = signal
        self.exit_code = exit_code
        self.message = message
        self.data = data

    @property
    def error(self) -> str | None:
        """What went wrong; None after a success."""
        return None if self.status == "success" else self.message

    def last_words(self) -> list[str]:
        """Return what is printed at the end."""
        if self.status == "success":
            return [SUCCEEDED] if self.message == SUCCEEDED else [self.message, SUCCEEDED]
        if self.status == "cancelled":
            return [self.message]
        return [f"Error: {self.message}"]


def failed(message: str, exit_code: int = EXIT_FAILED) -> Outcome:
    """Return a failure."""
    return Outcome("failed", "error", exit_code, message)


def from_return(value: Any, last_signal: WorkflowResult | None) -> Outcome:
    """Return what a returned value means; a number takes its words from the last signal, if that agrees."""
    if isinstance(value, WorkflowResult):
        return _from_signal(value)
    if value is None:
        value = EXIT_OK
    elif isinstance(value, bool):
        if not value:
            return failed("run() returned False")
        value = EXIT_OK
    elif not isinstance(value, int):
        return failed(
            f"run() returned a {type(value).__name__}, which is no exit code. "
            "Return 0 for success, or self.success(...)."
        )
    code = _exit_code(value)
    if last_signal is not None and last_signal.exit_code == value:
        return _from_signal(last_signal)
    if code == EXIT_OK:
        return Outcome("success", "success", EXIT_OK, SUCCEEDED)
    return failed(f"Workflow failed with exit code: {value}", code)


def _from_signal(result: WorkflowResult) -> Outcome:
    code = _exit_code(result.exit_code)
    if result.is_error() or code != EXIT_OK:
        return Outcome("failed", "error", code or EXIT_FAILED, result.message, result.data)
    return Outcome("success", result.signal.value, EXIT_OK, result.message, result.data)


def _exit_code(value: int) -> int:
    # The system keeps 8 bits: without this, 256 would end as 0, a success.
    return int(value) if 0 <= value <= 255 else (value & 255) or EXIT_FAILED


def from_exception(error: BaseException, folder: Path | None) -> Outcome:
    """Return what an exception out of `run()` means; `folder` is the workflow's."""
    if isinstance(error, KeyboardInterrupt):
        return Outcome("cancelled", "error", EXIT_CANCELLED, "Workflow cancelled")
    if isinstance(error, SystemExit):
        if error.code is None or isinstance(error.code, int):
            return from_return(error.code, None)
        return failed(str(error.code))
    place = locate(error.__traceback__, folder)
    kind = type(error).__name__
    text = " ".join(describe(error).split())
    details = ", ".join(part for part in (kind if kind not in text else "", f"at {place}" if place else "") if part)
    return failed(f"{text} ({details})" if details else text)


def locate(traceback: TracebackType | None, folder: Path | None) -> str | None:
    """Return `file:line` of the last frame in the workflow's folder, else of the last frame outside the runtime."""
    runtime = str(Path(__file__).parent)
    own: str | None = None
    other: str | None = None
    while traceback is not None:
        path = traceback.tb_frame.f_code.co_filename
        if folder is not None and Path(path).is_relative_to(folder):
            own = f"{Path(path).relative_to(folder)}:{traceback.tb_lineno}"
        elif not path.startswith(runtime):
            other = f"{Path(path).name}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return own or other
