"""What every process does: takes each signal once, waits, acts, writes down where it is, and ends in an orderly way.

A process is a Temporal workflow about one entity. It says in `_go` what happens; all else is here. What ends it from
outside (a person's word, or a cancellation of the workflow) reaches it wherever it waits: `_Stopped` is raised there,
and `_clean_up` undoes what is pointless then.

A change of the order or kind of steps needs `workflow.patched`: processes that are under way are replayed with the new
code. `temporal workflow validate` tells. See docs/processes.md.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows.temporal.contracts import (
        ENDED_METRIC,
        STAGE_ATTRIBUTE,
        Activity,
        Contract,
        OfEntity,
        ProcessInput,
        RawOutcome,
        RawRun,
        Record,
        SlackNotice,
    )

ResultT = TypeVar("ResultT")
EndT = TypeVar("EndT", bound=Contract)

# The other side may be away for a night; a day later a person has to look.
EFFECT_RETRY = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=10))
EFFECT_LIMIT = timedelta(hours=24)

_STAGE_KEY = SearchAttributeKey.for_keyword(STAGE_ATTRIBUTE)
_RAW_SECONDS = 60.0
# A run is pure: after a crash or a timeout it is simply tried again.
_RAW_RETRY = RetryPolicy(maximum_attempts=5, maximum_interval=timedelta(minutes=1))
_RAW_HEARTBEAT = timedelta(seconds=20)
# The timeline waits for the database as long as it takes.
_RECORD_RETRY = RetryPolicy(maximum_interval=timedelta(minutes=1))
_ATTEMPT_LIMIT = timedelta(seconds=60)


class Stopped(Exception):
    """A person, or a cancellation of the workflow, ends the process."""


class EntityProcess(Generic[EndT]):
    """One entity's process; its workflow id is the process's name, a hyphen, and the entity's id.

    A process names itself in `name`, its end by a cancellation in `cancelled`, and its first stage in `first_stage`.
    """

    name: ClassVar[str]
    first_stage: ClassVar[str]
    cancelled: ClassVar[str]

    def __init__(self, given: ProcessInput) -> None:
        self._entity = given
        self._stage: str = self.first_stage
        self._final = False
        # Signals arrive at least once.
        self._seen: set[str] = set()
        self._stopped: str | None = None
        self._compensating = False
        self._waiting_until: datetime | None = None
        self._records = 0

    @abstractmethod
    async def _go(self) -> EndT:
        """Go through the process to one of its ends."""

    @abstractmethod
    async def _clean_up(self) -> None:
        """Undo what a stop makes pointless, and tell who has to know."""

    @abstractmethod
    def _result(self, status: str, reason: str) -> EndT:
        """Return the result of an end."""

    async def _until_the_end(self) -> EndT:
        """Run the process; it is what `run` of a process returns."""
        process = asyncio.create_task(self._whole())
        try:
            # A cancellation reaches this await alone: the process learns of it at its next step, and cleans up.
            result = await asyncio.shield(process)
        except asyncio.CancelledError:
            self._stopped = "cancelled"
            await process
            raise
        await workflow.wait_condition(workflow.all_handlers_finished)
        return result

    async def _whole(self) -> EndT:
        try:
            return await self._go()
        except Stopped:
            self._compensating = True
            await self._clean_up()
            return await self._end(self.cancelled, self._stopped or self.cancelled)
        except ActivityError as error:
            self._compensating = True
            await self._notify("failed", f"A {self.name} process failed: please look into it")
            return await self._end("failed", error.activity_type or "activity")

    def _is_new(self, event_id: str) -> bool:
        is_new = event_id not in self._seen
        self._seen.add(event_id)
        return is_new

    def _stop(self, event_id: str, reason: str) -> None:
        """End the process from outside; the first reason counts."""
        if self._is_new(event_id) and self._stopped is None:
            self._stopped = reason

    async def _until(self, is_met: Callable[[], bool], deadline: datetime) -> bool:
        """Wait for a condition until a time; whether it is met then. A time in the past waits for nothing.

        Raises:
            Stopped: meanwhile.
        """
        self._waiting_until = deadline
        remaining = deadline - workflow.now()
        if remaining > timedelta(0):
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(
                    lambda: is_met() or self._stopped is not None,
                    timeout=remaining,
                    timeout_summary=str(self._stage),
                )
        self._waiting_until = None
        if self._stopped is not None:
            raise Stopped
        return is_met()

    async def _act(
        self,
        name: str,
        argument: Contract,
        result_type: type[ResultT],
        *,
        summary: str | None = None,
        retry_policy: RetryPolicy = EFFECT_RETRY,
        is_cancellable: bool = True,
        **options: Any,
    ) -> ResultT:
        """Run an activity; a stop cancels it, also while it waits for its next try, if `is_cancellable`.

        Raises:
            ActivityError: it failed for good.
            Stopped: before it began or, if `is_cancellable`, before it ended.
        """
        if self._stopped is not None and not self._compensating:
            raise Stopped
        options.setdefault("start_to_close_timeout", _ATTEMPT_LIMIT)
        handle: workflow.ActivityHandle[ResultT] = workflow.start_activity(
            str(name),
            argument,
            result_type=result_type,
            retry_policy=retry_policy,
            summary=summary,
            **options,
        )
        await workflow.wait_condition(
            lambda: handle.done() or (self._stopped is not None and is_cancellable and not self._compensating)
        )
        if not handle.done():
            handle.cancel()
        try:
            return await handle
        except (ActivityError, asyncio.CancelledError) as error:
            if self._stopped is not None and is_cancelled_exception(error):
                raise Stopped from error
            raise

    async def _run_raw(
        self, workflow_id: str, params: dict[str, Any], *, keep: list[str], seconds: float = _RAW_SECONDS
    ) -> dict[str, Any]:
        """Run a RAW workflow, and return the fields of its result that are named in `keep`.

        Raises:
            ActivityError: it failed for good.
            Stopped: meanwhile.
        """
        run = RawRun(**self._whose(), workflow=workflow_id, params=params, keep=keep, timeout_seconds=seconds)
        outcome = await self._act(
            Activity.RUN_RAW_WORKFLOW,
            run,
            RawOutcome,
            summary=workflow_id,
            retry_policy=_RAW_RETRY,
            # Waiting for a free worker process counts too.
            start_to_close_timeout=timedelta(seconds=seconds * 5),
            heartbeat_timeout=_RAW_HEARTBEAT,
        )
        return outcome.values

    async def _effect(self, activity: str, argument: OfEntity, what: str) -> bool:
        """Do an effect on the world that is no end of the process if it cannot be done at all; whether it was done."""
        try:
            await self._act(activity, argument, type(None), summary=what, schedule_to_close_timeout=EFFECT_LIMIT)
        except ActivityError:
            return False
        return True

    async def _notify(self, kind: str, text: str) -> None:
        """Tell the team on Slack; that nobody could be told is in the timeline. `text` names nobody."""
        self._records += 1
        notice = SlackNotice(**self._whose(), kind=kind, text=text, key=self._key(f"slack:{kind}:{self._records}"))
        if not await self._effect(Activity.NOTIFY_SLACK, notice, kind):
            await self._record("slack_failed", {"notice": kind})

    async def _enter(self, stage: str, detail: dict[str, Any] | None = None, *, in_progress: bool = False) -> None:
        """Go to a stage: it is in the status, the timeline and the search attribute."""
        self._show(stage)
        await self._record(stage, detail, status="in_progress" if in_progress else None)

    async def _end(self, status: str, reason: str) -> EndT:
        """Write down the end, which nothing stops any more, and return the result."""
        self._show(status)
        self._final = self._compensating = True
        await self._record(status, {"reason": reason}, status=status)
        labels = {"process": self.name, "status": status}
        workflow.metric_meter().create_counter(*ENDED_METRIC).add(1, labels)
        return self._result(status, reason)

    def _show(self, stage: str) -> None:
        self._stage = stage
        if self._entity.search_attributes:
            workflow.upsert_search_attributes([_STAGE_KEY.value_set(str(stage))])

    async def _record(self, event: str, detail: dict[str, Any] | None = None, *, status: str | None = None) -> None:
        """Add to the timeline, as long as it takes."""
        self._records += 1
        record = Record(
            **self._whose(),
            event=event,
            key=self._key(f"{self._records}:{event}"),
            detail=detail or {},
            status=status,
        )
        await self._act(Activity.RECORD, record, type(None), summary=event, retry_policy=_RECORD_RETRY)

    def _whose(self) -> dict[str, Any]:
        """Return the entity, as contracts name it."""
        return {"entity_type": self._entity.entity_type, "entity_id": self._entity.entity_id}

    def _key(self, name: str) -> str:
        """Return an idempotency key: the same in every run and replay of this process."""
        return f"{workflow.info().workflow_id}:{name}"
