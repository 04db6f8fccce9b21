"""The hiring process: from a CV to a decision, over days, whatever restarts in between.

    analyse the CV ── not qualified ──> rejected
      └ ask for a call's date ── none, though reminded ──> expired
          └ wait for the call's hour (rescheduled, cancelled at any time)
              └ call ── missed, again and again ──> no_show
                  └ summarise the transcript
                      └ a person decides ── approve ──> completed
                                         ├─ reject ──> rejected
                                         └─ nobody, though told ──> expired

A withdrawal, or a cancellation of the workflow, ends it at any point: withdrawn. What cannot be done at all: failed.

A change of the order or kind of steps needs `workflow.patched`: processes that are under way are replayed with the new
code. `temporal workflow validate` tells. See docs/processes.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows.temporal.contracts import (
        ENDED_METRIC,
        HIRING_PROCESS,
        STAGE_ATTRIBUTE,
        STATUS_QUERY,
        Activity,
        CalendarEvent,
        CallEvent,
        CancelCall,
        Contract,
        Decision,
        FinalStatus,
        HiringInput,
        HiringResult,
        HiringStatus,
        Mail,
        MailTemplate,
        PlaceCall,
        PlacedCall,
        RawOutcome,
        RawRun,
        Record,
        Signal,
        SlackNotice,
        Stage,
        Withdrawal,
    )

ResultT = TypeVar("ResultT")

_STAGE_KEY = SearchAttributeKey.for_keyword(STAGE_ATTRIBUTE)
_RAW_SECONDS = 60.0
# A run is pure: after a crash or a timeout it is simply tried again.
_RAW_RETRY = RetryPolicy(maximum_attempts=5, maximum_interval=timedelta(minutes=1))
_RAW_HEARTBEAT = timedelta(seconds=20)
# The mail server may be away for a night; a day later a person has to look.
_EFFECT_RETRY = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=10))
_EFFECT_LIMIT = timedelta(hours=24)
# Calls cost money, and the process itself calls again hours later.
_CALL_RETRY = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_attempts=5)
# The timeline waits for the database as long as it takes.
_RECORD_RETRY = RetryPolicy(maximum_interval=timedelta(minutes=1))
_ATTEMPT_LIMIT = timedelta(seconds=60)


class _Withdrawn(Exception):
    """The candidate withdrew, or the workflow is being cancelled."""


@workflow.defn(name=HIRING_PROCESS)
class HiringProcess:
    """One candidate's way through hiring; its workflow id is hiring-<candidate id>."""

    @workflow.init
    def __init__(self, given: HiringInput) -> None:
        self._given = given
        self._stage = Stage.ANALYSING
        self._score: float | None = None
        # Signals arrive at least once.
        self._seen: set[str] = set()
        self._call_time: datetime | None = None
        # Counts calendar events, to tell whether one came meanwhile.
        self._calendar_version = 0
        # The time is ours, after a missed call: nobody is invited to it.
        self._is_retry = False
        self._invitations = 0
        self._calls_made = 0
        # How the call that is being placed or goes on is ended.
        self._open_call: CancelCall | None = None
        self._ended_calls: dict[str, CallEvent] = {}
        self._decision: Decision | None = None
        self._withdrawal: str | None = None
        self._compensating = False
        self._waiting_until: datetime | None = None
        self._records = 0

    @workflow.run
    async def run(self, given: HiringInput) -> HiringResult:  # noqa: ARG002 - __init__ has it
        """Go through the process to one of its ends."""
        process = asyncio.create_task(self._process())
        try:
            # A cancellation reaches this await alone: the process learns of it at its next step, and cleans up.
            result = await asyncio.shield(process)
        except asyncio.CancelledError:
            self._withdrawal = "cancelled"
            await process
            raise
        await workflow.wait_condition(workflow.all_handlers_finished)
        return result

    @workflow.signal(name=Signal.CALENDAR)
    def calendar(self, event: CalendarEvent) -> None:
        """Take a call's date, a new one, or that there is none any more."""
        if self._is_new(event.event_id):
            self._calendar_version += 1
            self._is_retry = False
            is_off = event.type == "cancelled" or event.call_time is None
            self._call_time = None if is_off or event.call_time is None else event.call_time.astimezone(UTC)

    @workflow.signal(name=Signal.CALL)
    def call(self, event: CallEvent) -> None:
        """Take how a call ended; the first end stays, and a transcript may come later."""
        if self._is_new(event.event_id):
            known = self._ended_calls.get(event.call_sid, event)
            heard = known.transcript or event.transcript
            self._ended_calls[event.call_sid] = known.model_copy(update={"transcript": heard})

    @workflow.signal(name=Signal.DECISION)
    def decide(self, decision: Decision) -> None:
        """Take a person's decision; one that comes early counts once the call is summarised."""
        if self._is_new(decision.event_id):
            self._decision = decision

    @workflow.signal(name=Signal.WITHDRAWAL)
    def withdraw(self, withdrawal: Withdrawal) -> None:
        """End the process: the candidate does not want to go on."""
        if self._is_new(withdrawal.event_id) and self._withdrawal is None:
            self._withdrawal = "withdrawn"

    @workflow.query(name=STATUS_QUERY)
    def status(self) -> HiringStatus:
        """Say where the process is and what it waits for."""
        return HiringStatus(
            stage=self._stage,
            final=self._stage.is_final,
            call_time=self._call_time,
            call_sid=self._open_call.call_sid if self._open_call else None,
            calls_made=self._calls_made,
            score=self._score,
            decision=self._decision.decision if self._decision else None,
            waiting_until=self._waiting_until,
        )

    def _is_new(self, event_id: str) -> bool:
        is_new = event_id not in self._seen
        self._seen.add(event_id)
        return is_new

    async def _process(self) -> HiringResult:
        try:
            return await self._hire()
        except _Withdrawn:
            self._compensating = True
            return await self._clean_up()
        except ActivityError as error:
            self._compensating = True
            await self._notify("failed")
            return await self._end("failed", error.activity_type or "activity")

    async def _hire(self) -> HiringResult:
        await self._enter(Stage.ANALYSING, in_progress=True)
        found = await self._run_raw("analyze-cv", {"id": self._given.candidate_id}, keep=["score", "qualified"])
        self._score = found["score"]
        if not found["qualified"]:
            await self._mail("rejection")
            return await self._end("rejected", "not_qualified")

        await self._mail("scheduling")
        call_sid = await self._talk()
        if call_sid is None:
            no_date = self._calls_made < self._given.call_attempts
            return await (self._end("expired", "no_date") if no_date else self._end("no_show", "not_reached"))
        await self._summarise(call_sid)

        decision = await self._decide()
        if decision is None:
            return await self._end("expired", "no_decision")
        if decision.decision == "approve":
            return await self._end("completed", "approved")
        await self._mail("rejection")
        return await self._end("rejected", "decided")

    async def _talk(self) -> str | None:
        """Call until the candidate was reached, and return that call; None: no date, or no answer."""
        for _ in range(self._given.call_attempts):
            if not await self._until_call_is_due():
                return None
            version, self._call_time = self._calendar_version, None
            if (call_sid := await self._call()) is not None:
                return call_sid
            if self._calendar_version == version and self._calls_made < self._given.call_attempts:
                await self._enter(Stage.AWAITING_RETRY, {"calls_made": self._calls_made})
            if self._calendar_version == version:
                self._call_time, self._is_retry = workflow.now() + self._given.durations.call_retry, True
        return None

    async def _until_call_is_due(self) -> bool:
        """Wait for a date, then for its hour; either may change at any time. False: there is no date in time."""
        while True:
            if self._call_time is None and not await self._is_scheduled():
                return False
            if await self._is_due():
                return True

    async def _is_scheduled(self) -> bool:
        """Wait for a date; remind once."""
        durations, since = self._given.durations, workflow.now()
        await self._enter(Stage.AWAITING_SCHEDULE)
        if durations.schedule_reminder < durations.schedule_limit:
            if await self._until(lambda: self._call_time is not None, since + durations.schedule_reminder):
                return True
            await self._mail("scheduling_reminder")
        return await self._until(lambda: self._call_time is not None, since + durations.schedule_limit)

    async def _is_due(self) -> bool:
        """Wait for the call's hour, wherever it moves; False when the date was called off."""
        invited: datetime | None = None
        while (call_time := self._call_time) is not None:
            version = self._calendar_version
            if not self._is_retry:
                await self._enter(Stage.AWAITING_CALL_TIME, {"call_time": call_time.isoformat()})
                await self._invite("invitation", call_time)
                invited = call_time
            if not await self._until(lambda version=version: self._calendar_version != version, call_time):  # type: ignore[misc]
                return True
        if invited is not None:
            await self._invite("cancellation", invited)
        return False

    async def _call(self) -> str | None:
        """Call once and wait for the end; return the call when somebody answered."""
        self._calls_made += 1
        await self._enter(Stage.CALLING, {"call": self._calls_made})
        key = self._key(f"call:{self._calls_made}")
        self._open_call = CancelCall(candidate_id=self._given.candidate_id, key=key)
        request = PlaceCall(candidate_id=self._given.candidate_id, key=key)
        try:
            # Not cancelled: who is called has to be known.
            placed = await self._act(
                Activity.PLACE_CALL, request, PlacedCall, retry_policy=_CALL_RETRY, is_cancellable=False
            )
        except ActivityError:
            self._open_call = None
            await self._record("call_failed", {"call": self._calls_made})
            return None
        sid = placed.call_sid
        self._open_call = self._open_call.model_copy(update={"call_sid": sid})
        ended = await self._until(lambda: sid in self._ended_calls, workflow.now() + self._given.durations.call_limit)
        if not ended:
            await self._record("call_overdue", {"call_sid": sid})
            await self._cancel_call(self._open_call)
        self._open_call = None
        return sid if ended and self._ended_calls[sid].status == "completed" else None

    async def _summarise(self, call_sid: str) -> None:
        """Summarise what was said; without a transcript, or a summary, a person decides all the same."""
        await self._enter(Stage.SUMMARISING, {"call_sid": call_sid})
        limit = workflow.now() + self._given.durations.transcript_limit
        if not await self._until(lambda: self._ended_calls[call_sid].transcript, limit):
            await self._record("no_transcript", {"call_sid": call_sid})
            return
        params = {"id": self._given.candidate_id, "call_sid": call_sid}
        try:
            await self._run_raw("generate-call-summary", params, keep=[])
        except ActivityError:
            await self._record("summary_failed", {"call_sid": call_sid})

    async def _decide(self) -> Decision | None:
        """Wait for a person's decision, and ask louder after a while; None when nobody decides."""
        durations, since = self._given.durations, workflow.now()
        await self._enter(Stage.AWAITING_DECISION)
        if durations.decision_escalation < durations.decision_limit and not await self._until(
            lambda: self._decision is not None, since + durations.decision_escalation
        ):
            await self._notify("decision_due")
        if not await self._until(lambda: self._decision is not None, since + durations.decision_limit):
            await self._notify("decision_overdue")
        return self._decision

    async def _clean_up(self) -> HiringResult:
        """Undo what a withdrawal makes pointless, and tell the recruiters."""
        if self._open_call is not None:
            await self._cancel_call(self._open_call)
            self._open_call = None
        await self._mail("withdrawal")
        await self._notify("withdrawn")
        return await self._end("withdrawn", self._withdrawal or "withdrawn")

    async def _until(self, is_met: Callable[[], bool], deadline: datetime) -> bool:
        """Wait for a condition until a time; whether it is met then. A time in the past waits for nothing.

        Raises:
            _Withdrawn: meanwhile.
        """
        self._waiting_until = deadline
        remaining = deadline - workflow.now()
        if remaining > timedelta(0):
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(
                    lambda: is_met() or self._withdrawal is not None,
                    timeout=remaining,
                    timeout_summary=self._stage.value,
                )
        self._waiting_until = None
        if self._withdrawal is not None:
            raise _Withdrawn
        return is_met()

    async def _act(
        self,
        name: Activity,
        argument: Contract,
        result_type: type[ResultT],
        *,
        summary: str | None = None,
        retry_policy: RetryPolicy = _EFFECT_RETRY,
        is_cancellable: bool = True,
        **options: Any,
    ) -> ResultT:
        """Run an activity; a withdrawal cancels it, also while it waits for its next try, if `is_cancellable`.

        Raises:
            ActivityError: it failed for good.
            _Withdrawn: before it began or, if `is_cancellable`, before it ended.
        """
        if self._withdrawal is not None and not self._compensating:
            raise _Withdrawn
        options.setdefault("start_to_close_timeout", _ATTEMPT_LIMIT)
        handle: workflow.ActivityHandle[ResultT] = workflow.start_activity(
            name.value,
            argument,
            result_type=result_type,
            retry_policy=retry_policy,
            summary=summary,
            **options,
        )
        await workflow.wait_condition(
            lambda: handle.done() or (self._withdrawal is not None and is_cancellable and not self._compensating)
        )
        if not handle.done():
            handle.cancel()
        try:
            return await handle
        except (ActivityError, asyncio.CancelledError) as error:
            if self._withdrawal is not None and is_cancelled_exception(error):
                raise _Withdrawn from error
            raise

    async def _run_raw(self, name: str, params: dict[str, Any], *, keep: list[str]) -> dict[str, Any]:
        run = RawRun(
            workflow=name,
            candidate_id=self._given.candidate_id,
            params=params,
            keep=keep,
            timeout_seconds=_RAW_SECONDS,
        )
        outcome = await self._act(
            Activity.RUN_RAW_WORKFLOW,
            run,
            RawOutcome,
            summary=name,
            retry_policy=_RAW_RETRY,
            # Waiting for a free worker process counts too.
            start_to_close_timeout=timedelta(seconds=_RAW_SECONDS * 5),
            heartbeat_timeout=_RAW_HEARTBEAT,
        )
        return outcome.values

    async def _mail(self, template: MailTemplate, *, key: str = "", **values: Any) -> None:
        """Send a mail; one that cannot be sent at all is for a person to see to, and no end of the process."""
        self._records += 1
        mail = Mail(
            candidate_id=self._given.candidate_id,
            template=template,
            key=self._key(f"mail:{key or f'{template}:{self._records}'}"),
            **values,
        )
        try:
            await self._act(
                Activity.SEND_MAIL, mail, type(None), summary=template, schedule_to_close_timeout=_EFFECT_LIMIT
            )
        except ActivityError:
            await self._record("mail_failed", {"mail": template})
            await self._notify("mail_failed")

    async def _invite(self, template: MailTemplate, call_time: datetime) -> None:
        self._invitations += 1
        await self._mail(template, call_time=call_time, sequence=self._invitations)

    async def _notify(self, kind: Any) -> None:
        """Tell the recruiters on Slack; that nobody could be told is in the timeline."""
        self._records += 1
        notice = SlackNotice(
            candidate_id=self._given.candidate_id, kind=kind, key=self._key(f"slack:{kind}:{self._records}")
        )
        try:
            await self._act(
                Activity.NOTIFY_SLACK, notice, type(None), summary=kind, schedule_to_close_timeout=_EFFECT_LIMIT
            )
        except ActivityError:
            await self._record("slack_failed", {"notice": kind})

    async def _cancel_call(self, call: CancelCall) -> None:
        try:
            await self._act(Activity.CANCEL_CALL, call, type(None), retry_policy=_CALL_RETRY)
        except ActivityError:
            await self._record("call_not_cancelled", {"call_sid": call.call_sid})

    async def _enter(self, stage: Stage, detail: dict[str, Any] | None = None, *, in_progress: bool = False) -> None:
        self._stage = stage
        if self._given.search_attributes:
            workflow.upsert_search_attributes([_STAGE_KEY.value_set(stage.value)])
        await self._record(stage.value, detail, status="in_progress" if in_progress else None)

    async def _end(self, status: FinalStatus, reason: str) -> HiringResult:
        self._stage = Stage(status)
        if self._given.search_attributes:
            workflow.upsert_search_attributes([_STAGE_KEY.value_set(status)])
        self._compensating = True
        await self._record(status, {"reason": reason}, status=status)
        workflow.metric_meter().create_counter(*ENDED_METRIC).add(1, {"status": status})
        return HiringResult(status=status, reason=reason)

    async def _record(self, event: str, detail: dict[str, Any] | None = None, *, status: Any = None) -> None:
        self._records += 1
        record = Record(
            candidate_id=self._given.candidate_id,
            event=event,
            key=self._key(f"{self._records}:{event}"),
            detail=detail or {},
            status=status,
        )
        await self._act(Activity.RECORD, record, type(None), summary=event, retry_policy=_RECORD_RETRY)

    def _key(self, name: str) -> str:
        """Return an idempotency key: the same in every run and replay of this process."""
        return f"{workflow.info().workflow_id}:{name}"
