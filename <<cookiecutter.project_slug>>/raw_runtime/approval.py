"""Waiting for a person within a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from raw_runtime.context import get_workflow_context
from raw_runtime.drivers.approval import AutoApprovalHandler, ConsoleApprovalHandler
from raw_runtime.protocols.approval import ApprovalHandler
from raw_runtime.redact import redact_params

if TYPE_CHECKING:
    from collections.abc import Sequence

_handler: ApprovalHandler | None = None


def set_approval_handler(handler: ApprovalHandler | None) -> None:
    """Set what asks for approval; None: the terminal."""
    global _handler
    _handler = handler


def get_approval_handler() -> ApprovalHandler:
    """Return what asks for approval."""
    return _handler or ConsoleApprovalHandler()


def wait_for_approval(
    prompt: str,
    step_name: str | None = None,
    options: Sequence[str] | None = None,
    context: dict[str, Any] | None = None,
    timeout_seconds: float | None = None,
) -> str:
    """Ask and wait; return one of `options` (default: approve, reject).

    The journal has the question, and the decision or the timeout; of `context`, which is shown to the
    person, types and sizes only.

    Raises:
        TimeoutError: nobody answered within `timeout_seconds`.
        RuntimeError: there is nobody to ask.
    """
    name = step_name or "approval"
    choices = list(options) if options is not None else ["approve", "reject"]
    run = get_workflow_context()
    if run is not None:
        run.record(
            "approval.requested",
            step_name=name,
            prompt=prompt,
            options=choices,
            timeout_seconds=timeout_seconds,
            context=redact_params(context or {}),
        )
    try:
        decision = get_approval_handler().request_approval(name, prompt, choices, context or {}, timeout_seconds)
    except TimeoutError:
        if run is not None:
            run.record("approval.timeout", step_name=name, timeout_seconds=timeout_seconds or 0.0)
        raise
    if run is not None:
        run.record("approval.received", step_name=name, decision=decision, approved_by=None, comment=None)
    return decision


async def wait_for_approval_async(
    prompt: str,
    step_name: str | None = None,
    options: Sequence[str] | None = None,
    context: dict[str, Any] | None = None,
    timeout_seconds: float | None = None,
) -> str:
    """Like `wait_for_approval`, while other tasks go on."""
    import asyncio

    return await asyncio.to_thread(wait_for_approval, prompt, step_name, options, context, timeout_seconds)


def wait_for_webhook(step_name: str, timeout_seconds: float = 300) -> NoReturn:  # noqa: ARG001 - upstream's signature
    """Refuse: a webhook needs a server that outlives the run, which a RAW workflow is not.

    Raises:
        RuntimeError: always; the text says what to do instead.
    """
    raise RuntimeError(
        f"Cannot wait for webhook {step_name!r}: a RAW workflow is not connected to a server. "
        "Let the webhook start the run, and give what it brings as a param."
    )


__all__ = [
    "ApprovalHandler",
    "AutoApprovalHandler",
    "ConsoleApprovalHandler",
    "get_approval_handler",
    "set_approval_handler",
    "wait_for_approval",
    "wait_for_approval_async",
    "wait_for_webhook",
]
