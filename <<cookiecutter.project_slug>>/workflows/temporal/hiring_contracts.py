"""What crosses Temporal's wire for the hiring process alone. Rules for changes: workflows/temporal/contracts.py."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import Field

from workflows.temporal.contracts import Contract, OfEntity, ProcessInput, ProcessStatus

HIRING_PROCESS = "HiringProcess"

CallStatus = Literal["queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"]
MailTemplate = Literal["scheduling", "scheduling_reminder", "invitation", "cancellation", "rejection", "withdrawal"]
FinalStatus = Literal["completed", "rejected", "expired", "no_show", "withdrawn", "failed"]


class HiringActivity(StrEnum):
    """Names of the activities that only this process uses."""

    SEND_MAIL = "send_mail"
    PLACE_CALL = "place_call"
    CANCEL_CALL = "cancel_call"


class Signal(StrEnum):
    """Names of the hiring process's signals."""

    CALENDAR = "calendar"
    CALL = "call"
    DECISION = "decision"
    WITHDRAWAL = "withdrawal"


class Stage(StrEnum):
    """Where a hiring process is; the last six are final, and are the candidate's status too."""

    ANALYSING = "analysing"
    AWAITING_SCHEDULE = "awaiting_schedule"
    AWAITING_CALL_TIME = "awaiting_call_time"
    CALLING = "calling"
    AWAITING_RETRY = "awaiting_retry"
    SUMMARISING = "summarising"
    AWAITING_DECISION = "awaiting_decision"
    COMPLETED = "completed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    NO_SHOW = "no_show"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class Durations(Contract):
    """How long the process waits for what; from the settings, and recorded in the workflow's input."""

    schedule_reminder: timedelta = timedelta(days=3)
    schedule_limit: timedelta = timedelta(days=7)
    call_limit: timedelta = timedelta(hours=2)
    call_retry: timedelta = timedelta(hours=4)
    transcript_limit: timedelta = timedelta(minutes=30)
    decision_escalation: timedelta = timedelta(days=2)
    decision_limit: timedelta = timedelta(days=7)


class HiringInput(ProcessInput):
    """What a hiring process starts with; `call_attempts` counts the first call too."""

    durations: Durations = Field(default_factory=Durations)
    call_attempts: int = Field(default=3, ge=1, le=10)


class CalendarEvent(Contract):
    """A call was scheduled, rescheduled or cancelled; `call_time` is aware, and absent only from a cancellation."""

    event_id: str
    type: Literal["scheduled", "rescheduled", "cancelled"]
    call_time: datetime | None = None


class CallEvent(Contract):
    """How a call ended. `transcript`: whether the database holds one now."""

    event_id: str
    call_sid: str
    status: CallStatus
    transcript: bool = False


class Decision(Contract):
    """A person's decision; `by` is the name of the API key that it came with."""

    event_id: str
    decision: Literal["approve", "reject"]
    by: str = ""


class Withdrawal(Contract):
    """The candidate does not want to go on."""

    event_id: str


class HiringStatus(ProcessStatus):
    """The answer of the status query. `call_time` is in UTC; `score` is from analyze-cv, 0..1."""

    call_time: datetime | None = None
    call_sid: str | None = None
    calls_made: int = 0
    score: float | None = None
    decision: str | None = None


class HiringResult(Contract):
    """How a hiring process ended."""

    status: FinalStatus
    reason: str = ""


class Mail(OfEntity):
    """A mail to the candidate or the recruiter, by the name of its template; `key` is its idempotency key."""

    template: MailTemplate
    key: str
    call_time: datetime | None = None
    # Counts the versions of one invitation, so that calendars replace the earlier one.
    sequence: int = 0


class PlaceCall(OfEntity):
    """A telephone call with the candidate, billed; `key` is its idempotency key."""

    key: str


class PlacedCall(Contract):
    """A call that the provider has taken."""

    call_sid: str


class CancelCall(OfEntity):
    """Ends a call that is queued, ringing or in progress; one that has ended already is left alone.

    Without `call_sid`: the call that was placed under this key, if any was.
    """

    key: str
    call_sid: str | None = None
