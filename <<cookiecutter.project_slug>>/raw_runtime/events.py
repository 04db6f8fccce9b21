"""The events of a run. An event is a fact: its model is frozen."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from raw_runtime.stamps import new_event_id, utc_now


class EventType(str, Enum):  # noqa: UP042 - upstream's base: str() of a member differs in StrEnum
    """What an event tells."""

    WORKFLOW_TRIGGERED = "workflow.triggered"
    WORKFLOW_STARTED = "workflow.started"
    WORKFLOW_PROVENANCE = "workflow.provenance"
    WORKFLOW_COMPLETED = "workflow.completed"
    WORKFLOW_FAILED = "workflow.failed"
    STEP_STARTED = "step.started"
    STEP_COMPLETED = "step.completed"
    STEP_FAILED = "step.failed"
    STEP_SKIPPED = "step.skipped"
    STEP_RETRY = "step.retry"
    APPROVAL_REQUESTED = "approval.requested"
    APPROVAL_RECEIVED = "approval.received"
    APPROVAL_TIMEOUT = "approval.timeout"
    ARTIFACT_CREATED = "artifact.created"
    CACHE_HIT = "cache.hit"
    CACHE_MISS = "cache.miss"


class BaseEvent(BaseModel):
    """What every event has."""

    # Most runs make no event model at all: each validator is built when it is first needed.
    model_config = ConfigDict(frozen=True, defer_build=True)

    event_id: str = Field(default_factory=new_event_id)
    event_type: EventType
    timestamp: datetime = Field(default_factory=utc_now)
    workflow_id: str
    run_id: str | None = None


class WorkflowTriggeredEvent(BaseEvent):
    """Somebody or something asked for a run."""

    event_type: EventType = EventType.WORKFLOW_TRIGGERED
    trigger_source: str = "cli"
    parameters: dict[str, Any] = Field(default_factory=dict)


class WorkflowStartedEvent(BaseEvent):
    """A run began. `parameters` are by type and size, not by content."""

    event_type: EventType = EventType.WORKFLOW_STARTED
    workflow_name: str
    workflow_version: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)


class WorkflowProvenanceEvent(BaseEvent):
    """What ran, and where. `git_dirty` is None: it is not looked up. `config_snapshot` has names, not values."""

    event_type: EventType = EventType.WORKFLOW_PROVENANCE
    git_sha: str | None = None
    git_branch: str | None = None
    git_dirty: bool | None = None
    workflow_hash: str | None = None
    tool_versions: dict[str, str] = Field(default_factory=dict)
    python_version: str | None = None
    raw_version: str | None = None
    hostname: str | None = None
    working_directory: str | None = None
    config_snapshot: dict[str, Any] = Field(default_factory=dict)
    resumed_from: str | None = None


class WorkflowCompletedEvent(BaseEvent):
    """A run succeeded."""

    event_type: EventType = EventType.WORKFLOW_COMPLETED
    duration_seconds: float
    step_count: int
    artifacts: list[str] = Field(default_factory=list)


class WorkflowFailedEvent(BaseEvent):
    """A run failed, was cancelled, or crashed (then `error` begins with `CRASHED: `)."""

    event_type: EventType = EventType.WORKFLOW_FAILED
    error: str
    failed_step: str | None = None
    duration_seconds: float


class StepStartedEvent(BaseEvent):
    """A step began."""

    event_type: EventType = EventType.STEP_STARTED
    step_name: str
    input_types: list[str] = Field(default_factory=list)
    output_type: str = "Any"


class StepCompletedEvent(BaseEvent):
    """A step ended well."""

    event_type: EventType = EventType.STEP_COMPLETED
    step_name: str
    duration_seconds: float
    result_type: str
    result_summary: str | None = None


class StepFailedEvent(BaseEvent):
    """A step ended with an exception."""

    event_type: EventType = EventType.STEP_FAILED
    step_name: str
    error: str
    duration_seconds: float


class StepSkippedEvent(BaseEvent):
    """A step did not run: its condition was false, or an earlier run had finished it."""

    event_type: EventType = EventType.STEP_SKIPPED
    step_name: str
    reason: str


class StepRetryEvent(BaseEvent):
    """An attempt failed and another follows after `delay_seconds`; `attempt` counts from 1."""

    event_type: EventType = EventType.STEP_RETRY
    step_name: str
    attempt: int
    max_attempts: int
    error: str
    delay_seconds: float


class ApprovalRequestedEvent(BaseEvent):
    """A run waits for a person."""

    event_type: EventType = EventType.APPROVAL_REQUESTED
    step_name: str
    prompt: str
    options: list[str] = Field(default_factory=lambda: ["approve", "reject"])
    timeout_seconds: float | None = None
    context: dict[str, Any] = Field(default_factory=dict)


class ApprovalReceivedEvent(BaseEvent):
    """A person decided."""

    event_type: EventType = EventType.APPROVAL_RECEIVED
    step_name: str
    decision: str
    approved_by: str | None = None
    comment: str | None = None


class ApprovalTimeoutEvent(BaseEvent):
    """Nobody decided in time."""

    event_type: EventType = EventType.APPROVAL_TIMEOUT
    step_name: str
    timeout_seconds: float


class ArtifactCreatedEvent(BaseEvent):
    """A file was saved; `path` is relative to the run's folder."""

    event_type: EventType = EventType.ARTIFACT_CREATED
    artifact_type: str
    path: str
    size_bytes: int | None = None


class CacheHitEvent(BaseEvent):
    """A cached result was used."""

    event_type: EventType = EventType.CACHE_HIT
    step_name: str
    cache_key: str


class CacheMissEvent(BaseEvent):
    """No cached result was found."""

    event_type: EventType = EventType.CACHE_MISS
    step_name: str
    cache_key: str


Event = (
    WorkflowTriggeredEvent
    | WorkflowStartedEvent
    | WorkflowProvenanceEvent
    | WorkflowCompletedEvent
    | WorkflowFailedEvent
    | StepStartedEvent
    | StepCompletedEvent
    | StepFailedEvent
    | StepSkippedEvent
    | StepRetryEvent
    | ApprovalRequestedEvent
    | ApprovalReceivedEvent
    | ApprovalTimeoutEvent
    | ArtifactCreatedEvent
    | CacheHitEvent
    | CacheMissEvent
)

_BY_TYPE: dict[str, type[BaseEvent]] = {
    model.model_fields["event_type"].default.value: model for model in BaseEvent.__subclasses__()
}


def event_from_dict(data: dict[str, Any]) -> BaseEvent:
    """Return the model of an event read from a journal.

    Raises:
        KeyError: the event is of no type that this runtime knows.
    """
    return _BY_TYPE[data["event_type"]].model_validate(data)
