"""What crosses Temporal's wire: inputs, signals, results and names.

Ids, times and words from fixed lists travel; what people wrote stays in the database. Fields may be added with a
default, never renamed or removed: histories that hold the old form are replayed for months.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

HIRING_PROCESS = "HiringProcess"
OUTBOX_SWEEP = "OutboxSweep"
STATUS_QUERY = "status"
# A search attribute (keyword), where the server has it: `python -m workflows.temporal setup` registers it.
STAGE_ATTRIBUTE = "HiringStage"
# A counter of the worker, by `status`: its name, and what it says.
ENDED_METRIC = ("hiring_processes_ended_total", "Hiring processes that ended, by the candidate's final status.")

CallStatus = Literal["queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"]
MailTemplate = Literal["scheduling", "scheduling_reminder", "invitation", "cancellation", "rejection", "withdrawal"]
FinalStatus = Literal["completed", "rejected", "expired", "no_show", "withdrawn", "failed"]


class Activity(StrEnum):
    """Names of the activities; workflows know them by name only."""

    RUN_RAW_WORKFLOW = "run_raw_workflow"
    SEND_MAIL = "send_mail"
    PLACE_CALL = "place_call"
    CANCEL_CALL = "cancel_call"
    NOTIFY_SLACK = "notify_slack"
    RECORD = "record"
    SWEEP_OUTBOX = "sweep_outbox"


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

    @property
    def is_final(self) -> bool:
        """Whether the process has ended."""
        return self in get_args(FinalStatus)


class Contract(BaseModel):
    """Frozen; unknown fields are ignored, so that an old worker takes what a new client sends."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Durations(Contract):
    """How long the process waits for what; from the settings, and recorded in the workflow's input."""

    schedule_reminder: timedelta = timedelta(days=3)
    schedule_limit: timedelta = timedelta(days=7)
    call_limit: timedelta = timedelta(hours=2)
    call_retry: timedelta = timedelta(hours=4)
    transcript_limit: timedelta = timedelta(minutes=30)
    decision_escalation: timedelta = timedelta(days=2)
    decision_limit: timedelta = timedelta(days=7)


class HiringInput(Contract):
    """What a hiring process starts with.

    `call_attempts` counts the first call too. `search_attributes`: whether the server has ours.
    """

    candidate_id: str
    durations: Durations = Field(default_factory=Durations)
    call_attempts: int = Field(default=3, ge=1, le=10)
    search_attributes: bool = False


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


class HiringStatus(Contract):
    """The answer of the status query. `call_time` is in UTC; `score` is from analyze-cv, 0..1."""

    stage: Stage
    final: bool
    call_time: datetime | None = None
    call_sid: str | None = None
    calls_made: int = 0
    score: float | None = None
    decision: str | None = None
    waiting_until: datetime | None = None


class HiringResult(Contract):
    """How a hiring process ended."""

    status: FinalStatus
    reason: str = ""


class RawRun(Contract):
    """A run of a RAW workflow on behalf of a candidate.

    The whole result is stored with the candidate under the workflow's name; of it, only the fields named in `keep`
    travel back (numbers, booleans, short words). A run that ends with exit code 2 is not tried again.
    """

    workflow: str
    candidate_id: str
    params: dict[str, Any]
    keep: list[str] = []
    timeout_seconds: float = 60.0


class RawOutcome(Contract):
    """What a RAW workflow came to: the fields that were to be kept."""

    values: dict[str, Any]


class Mail(Contract):
    """A mail to the candidate or the recruiter, by the name of its template; `key` is its idempotency key."""

    candidate_id: str
    template: MailTemplate
    key: str
    call_time: datetime | None = None
    # Counts the versions of one invitation, so that calendars replace the earlier one.
    sequence: int = 0


class PlaceCall(Contract):
    """A telephone call with the candidate, billed; `key` is its idempotency key."""

    candidate_id: str
    key: str


class PlacedCall(Contract):
    """A call that the provider has taken."""

    call_sid: str


class CancelCall(Contract):
    """Ends a call that is queued, ringing or in progress; one that has ended already is left alone.

    Without `call_sid`: the call that was placed under this key, if any was.
    """

    candidate_id: str
    key: str
    call_sid: str | None = None


class SlackNotice(Contract):
    """A notice for the recruiters; `key` is its idempotency key."""

    candidate_id: str
    kind: Literal["decision_due", "decision_overdue", "mail_failed", "withdrawn", "failed"]
    key: str


class Record(Contract):
    """A transition: an event in the candidate's timeline and, if given, the candidate's new status.

    `key` makes it once, however often it is tried.
    """

    candidate_id: str
    event: str
    key: str
    detail: dict[str, Any] = {}
    status: Literal["in_progress"] | FinalStatus | None = None


class SweepInput(Contract):
    """What the outbox sweep counts as stuck: entries that have waited for this long."""

    older_than: timedelta = timedelta(minutes=5)


class SweepResult(Contract):
    """What a sweep found and did."""

    delivered: int = 0
    waiting: int = 0
    parked: int = 0
