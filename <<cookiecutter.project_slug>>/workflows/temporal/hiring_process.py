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

What every process does stands in workflows/temporal/base.py. See docs/processes.md.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from workflows.temporal.base import EntityProcess

with workflow.unsafe.imports_passed_through():
    from workflows.temporal.contracts import STATUS_QUERY
    from workflows.temporal.hiring_contracts import (
        HIRING_PROCESS,
        CalendarEvent,
        CallEvent,
        CancelCall,
        Decision,
        HiringActivity,
        HiringInput,
        HiringResult,
        HiringStatus,
        Mail,
        MailTemplate,
        PlaceCall,
        PlacedCall,
        Signal,
        Stage,
        Withdrawal,
    )

# Calls cost money, and the process itself calls again hours later.
_CALL_RETRY = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_attempts=5)
_NOTICES = {
    "decision_due": "A candidate waits for a decision",
    "decision_overdue": "A candidate expired: nobody decided in time",
    "mail_failed": "A mail to a candidate could not be sent: please write by hand",
    "withdrawn": "A candidate withdrew",
}


@workflow.defn(name=HIRING_PROCESS)
class HiringProcess(EntityProcess[HiringResult]):
    """One candidate's way through hiring; its workflow id is hiring-<candidate id>."""

    name = "hiring"
    first_stage = Stage.ANALYSING
    cancelled = "withdrawn"

    @workflow.init
    def __init__(self, given: HiringInput) -> None:
        super().__init__(given)
        self._given = given
        self._score: float | None = None
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

    @workflow.run
    async def run(self, given: HiringInput) -> HiringResult:  # noqa: ARG002 - __init__ has it
        """Go through the process to one of its ends."""
        return await self._until_the_end()

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
        self._stop(withdrawal.event_id, "withdrawn")

    @workflow.query(name=STATUS_QUERY)
    def status(self) -> HiringStatus:
        """Say where the process is and what it waits for."""
        return HiringStatus(
            stage=self._stage,
            final=self._final,
            call_time=self._call_time,
            call_sid=self._open_call.call_sid if self._open_call else None,
            calls_made=self._calls_made,
            score=self._score,
            decision=self._decision.decision if self._decision else None,
            waiting_until=self._waiting_until,
        )

    async def _go(self) -> HiringResult:
        await self._enter(Stage.ANALYSING, in_progress=True)
        found = await self._run_raw("analyze-cv", {"id": self._given.entity_id}, keep=["score", "qualified"])
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
        self._open_call = CancelCall(**self._whose(), key=key)
        request = PlaceCall(**self._whose(), key=key)
        try:
            # Not cancelled: who is called has to be known.
            placed = await self._act(
                HiringActivity.PLACE_CALL, request, PlacedCall, retry_policy=_CALL_RETRY, is_cancellable=False
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
        params = {"id": self._given.entity_id, "call_sid": call_sid}
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
            await self._tell("decision_due")
        if not await self._until(lambda: self._decision is not None, since + durations.decision_limit):
            await self._tell("decision_overdue")
        return self._decision

    async def _clean_up(self) -> None:
        """Undo what a withdrawal makes pointless, and tell the recruiters."""
        if self._open_call is not None:
            await self._cancel_call(self._open_call)
            self._open_call = None
        await self._mail("withdrawal")
        await self._tell("withdrawn")

    def _result(self, status: str, reason: str) -> HiringResult:
        return HiringResult.model_validate({"status": status, "reason": reason})

    async def _mail(self, template: MailTemplate, *, key: str = "", **values: Any) -> None:
        """Send a mail; one that cannot be sent at all is for a person to see to, and no end of the process."""
        self._records += 1
        mail = Mail(
            **self._whose(),
            template=template,
            key=self._key(f"mail:{key or f'{template}:{self._records}'}"),
            **values,
        )
        if not await self._effect(HiringActivity.SEND_MAIL, mail, template):
            await self._record("mail_failed", {"mail": template})
            await self._tell("mail_failed")

    async def _invite(self, template: MailTemplate, call_time: datetime) -> None:
        self._invitations += 1
        await self._mail(template, call_time=call_time, sequence=self._invitations)

    async def _tell(self, kind: str) -> None:
        """Tell the recruiters on Slack."""
        await self._notify(kind, _NOTICES[kind])

    async def _cancel_call(self, call: CancelCall) -> None:
        try:
            await self._act(HiringActivity.CANCEL_CALL, call, type(None), retry_policy=_CALL_RETRY)
        except ActivityError:
            await self._record("call_not_cancelled", {"call_sid": call.call_sid})
