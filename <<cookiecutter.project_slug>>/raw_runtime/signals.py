"""How a workflow says what it came to."""

from __future__ import annotations

from enum import Enum
from typing import Any

from pydantic import BaseModel, ConfigDict


class CompletionSignal(str, Enum):  # noqa: UP042 - upstream's base: str() of a member differs in StrEnum
    """success: go on; error: failed, other input may help; complete: done, nothing is to follow."""

    SUCCESS = "success"
    ERROR = "error"
    COMPLETE = "complete"


class WorkflowResult(BaseModel):
    """What `run()` may return. `exit_code` is what the process ends with; `.exit_code` is the portable return."""

    model_config = ConfigDict(defer_build=True)

    signal: CompletionSignal
    message: str
    data: Any = None
    exit_code: int = 0

    @classmethod
    def success(cls, message: str, data: Any = None) -> WorkflowResult:
        """Return a success: what follows this workflow may go on."""
        return cls(signal=CompletionSignal.SUCCESS, message=message, data=data)

    @classmethod
    def error(cls, message: str, exit_code: int = 1) -> WorkflowResult:
        """Return a failure that other input may avoid."""
        return cls(signal=CompletionSignal.ERROR, message=message, exit_code=exit_code)

    @classmethod
    def complete(cls, message: str, data: Any = None) -> WorkflowResult:
        """Return a success after which nothing is to follow."""
        return cls(signal=CompletionSignal.COMPLETE, message=message, data=data)

    def is_success(self) -> bool:
        """True for success and complete."""
        return self.signal in (CompletionSignal.SUCCESS, CompletionSignal.COMPLETE)

    def is_error(self) -> bool:
        """True for error."""
        return self.signal is CompletionSignal.ERROR

    def is_complete(self) -> bool:
        """True for complete."""
        return self.signal is CompletionSignal.COMPLETE


__all__ = ["CompletionSignal", "WorkflowResult"]
