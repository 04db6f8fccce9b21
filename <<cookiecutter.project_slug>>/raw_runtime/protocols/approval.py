"""What asks a person for a decision."""

from __future__ import annotations

from typing import Any, Protocol


class ApprovalHandler(Protocol):
    """Asks a person."""

    def request_approval(
        self, step_name: str, prompt: str, options: list[str], context: dict[str, Any], timeout_seconds: float | None
    ) -> str:
        """Return one of `options`.

        Raises:
            TimeoutError: nobody answered within `timeout_seconds`.
        """
