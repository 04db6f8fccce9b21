"""One call of a step within a run: its record, its result kept for resume, or taken from an earlier run."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast, get_type_hints

from raw_runtime.context import get_workflow_context
from raw_runtime.redact import describe
from raw_runtime.stamps import iso, utc_now

if TYPE_CHECKING:
    from raw_runtime.codec import Codec
    from raw_runtime.context import WorkflowContext

# What the runtime itself sets on a workflow while it runs.
_OWN_ATTRIBUTES = ("_last_signal", "_results_dir")
# The innermost step that goes on here.
current_call: ContextVar[StepCall | None] = ContextVar("raw_step_call", default=None)


def count_retry() -> None:
    """Count one more attempt in the record of the step that goes on here."""
    call = current_call.get()
    if call is not None:
        call.row["retries"] = call.row.get("retries", 0) + 1


def mark_impure() -> None:
    """Say that the steps which go on here do more than return a result: a resumed run must run them again."""
    mark_impure_from(current_call.get())


def mark_impure_from(call: StepCall | None) -> None:
    """Say so of a step and of those around it."""
    while call is not None:
        call.is_pure = False
        call = call.parent


def find_context(args: tuple[Any, ...]) -> WorkflowContext | None:
    """Return the current context, or the one of the workflow whose method this is.

    A thread that a workflow starts has no current context of its own.
    """
    context = get_workflow_context()
    if context is None and args and is_workflow(args[0]):
        return cast("WorkflowContext | None", args[0].context)
    return context


def is_workflow(value: Any) -> bool:
    """True for an instance of BaseWorkflow."""
    from raw_runtime.base import BaseWorkflow

    return isinstance(value, BaseWorkflow)


def own_arguments(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments without the workflow that a method is called on."""
    return args[1:] if args and is_workflow(args[0]) else args


class StepFacts:
    """What is the same for every call of one step; looked up when first needed."""

    def __init__(self, name: str, func: Callable[..., Any]) -> None:
        self.name = name
        self.func = func

    @functools.cached_property
    def types(self) -> tuple[list[str], str]:
        """The names of the types of the arguments, without self, and of the result."""
        try:
            hints = get_type_hints(self.func)
        except Exception:  # a name that only exists for type checkers
            hints = {}
        names = [name for name in inspect.signature(self.func).parameters if name != "self"]
        return [type_name(hints.get(name, Any)) for name in names], type_name(hints.get("return", Any))

    @functools.cached_property
    def codec(self) -> Codec:
        """How results are kept."""
        from raw_runtime.codec import Codec

        return Codec(self.func)


def type_name(hint: Any) -> str:
    """Return a short name for a type."""
    if hint is None or hint is type(None):
        return "None"
    if hint is Any:
        return "Any"
    name = getattr(hint, "__name__", None)
    return name if isinstance(name, str) else str(hint).replace("typing.", "")


class StepCall:
    """One call of a step within a run."""

    def __init__(
        self, facts: StepFacts, context: WorkflowContext, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._facts = facts
        self._context = context
        self.value: Any = None
        self.row: dict[str, Any] = {}
        self.is_pure = True
        self.parent = current_call.get()
        self._workflow = args[0] if args and is_workflow(args[0]) else None
        self._state: dict[str, int] | None = None
        self._digest: str | None = None
        self._ordinal = context.next_ordinal(facts.name)
        if context.step_log is not None or context.resume is not None:
            from raw_runtime.codec import NotEncodable, digest_call

            try:
                params = self._workflow.params if self._workflow is not None else None
                self._digest = digest_call(own_arguments(args), kwargs, params)
            except (NotEncodable, RecursionError):
                # Such a call cannot be recognised again: it is not recorded for resume, and runs.
                self._digest = None

    def is_resumed(self) -> bool:
        """True when an earlier run has this call's result; then `value` is it."""
        context, name = self._context, self._facts.name
        if context.resume is None or self._digest is None:
            return False
        row = context.resume.take(name, self._digest)
        if row is None:
            return False
        from raw_runtime.codec import NotEncodable

        try:
            self.value = self._facts.codec.decode(row["kind"], row["result"])
        except NotEncodable:
            return False
        reason = f"Resumed from run {context.resumed_from_run_id}"
        context.skip_step(name, reason)
        context.record("step.skipped", step_name=name, reason=reason)
        self._keep(self.value)
        return True

    def start(self) -> StepCall:
        """Record the start; return self."""
        inputs, output = self._facts.types
        self._context.record("step.started", step_name=self._facts.name, input_types=inputs, output_type=output)
        self._began = time.perf_counter()
        self.row = {"name": self._facts.name, "status": "running", "started_at": iso(utc_now())}
        self._state = self._attributes()
        return self

    def succeed(self, result: Any) -> None:
        """Record the end and the result."""
        seconds = self._end("success")
        self.row["value"] = result
        if self._attributes() != self._state:
            # The step left something on the workflow, which its result alone would not bring back.
            mark_impure_from(self)
        if self.is_pure:
            self._keep(result)
        self._context.add_row(self.row)
        self._context.record(
            "step.completed",
            step_name=self._facts.name,
            duration_seconds=seconds,
            result_type=type(result).__name__,
            result_summary=None,
        )

    def fail(self, error: BaseException) -> None:
        """Record the end and the error."""
        seconds = self._end("failed")
        text = describe(error)
        self.row["error"] = text
        self._context.add_row(self.row)
        self._context.record("step.failed", step_name=self._facts.name, error=text, duration_seconds=seconds)

    def _end(self, status: str) -> float:
        seconds = time.perf_counter() - self._began
        self.row.update(status=status, ended_at=iso(utc_now()), duration_seconds=seconds)
        return seconds

    def _attributes(self) -> dict[str, int] | None:
        if self._workflow is None or self._digest is None:
            return None
        return {name: id(value) for name, value in vars(self._workflow).items() if name not in _OWN_ATTRIBUTES}

    def _keep(self, result: Any) -> None:
        log = self._context.step_log
        if log is None or self._digest is None:
            return
        from raw_runtime.codec import NotEncodable

        try:
            kind, text = self._facts.codec.encode(result)
        except (NotEncodable, RecursionError):
            return
        log.write(name=self._facts.name, ordinal=self._ordinal, digest=self._digest, kind=kind, result_json=text)
