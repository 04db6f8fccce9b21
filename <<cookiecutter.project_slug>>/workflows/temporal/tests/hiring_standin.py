"""A workflow under the hiring process's name that only notes what it is told, for tests of what tells it."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.temporal.contracts import Contract
    from workflows.temporal.hiring_contracts import (
        HIRING_PROCESS,
        CalendarEvent,
        CallEvent,
        Decision,
        HiringInput,
        HiringResult,
        Withdrawal,
    )


@workflow.defn(name=HIRING_PROCESS)
class StandIn:
    """Ends with the candidate's withdrawal."""

    @workflow.init
    def __init__(self, given: HiringInput) -> None:  # noqa: ARG002 - the SDK gives it
        self._told: list[Contract] = []
        self._ended = False

    @workflow.run
    async def run(self, given: HiringInput) -> HiringResult:  # noqa: ARG002 - the SDK gives it
        await workflow.wait_condition(lambda: self._ended)
        return HiringResult(status="withdrawn")

    @workflow.signal
    def calendar(self, event: CalendarEvent) -> None:
        self._told.append(event)

    @workflow.signal
    def call(self, event: CallEvent) -> None:
        self._told.append(event)

    @workflow.signal
    def decision(self, event: Decision) -> None:
        self._told.append(event)

    @workflow.signal
    def withdrawal(self, event: Withdrawal) -> None:
        self._told.append(event)
        self._ended = True

    @workflow.query
    def told(self) -> list[str]:
        """Return what came, each as its type and JSON."""
        return [f"{type(event).__name__} {event.model_dump_json()}" for event in self._told]
