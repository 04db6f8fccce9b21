"""Models of a run's steps, artifacts and manifest."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from raw_runtime.stamps import RAW_VERSION


class StepStatus(str, Enum):  # noqa: UP042 - upstream's base: str() of a member differs in StrEnum
    """Where a step stands."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"


class RunStatus(str, Enum):  # noqa: UP042 - as above
    """Where a run stands; crashed: its process ended without a word."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CRASHED = "crashed"


class _Model(BaseModel):
    model_config = ConfigDict(defer_build=True)


class StepResult(_Model):
    """One call of a step. In a manifest `result` is by type and size, not by content."""

    name: str
    status: StepStatus
    started_at: datetime
    ended_at: datetime | None = None
    duration_seconds: float | None = None
    retries: int = 0
    cached: bool = False
    result: Any = None
    error: str | None = None


class Artifact(_Model):
    """A file that a run saved."""

    type: str
    path: str
    size_bytes: int | None = None


class WorkflowInfo(_Model):
    """The workflow of a run; `id` and `short_name` are the class's name."""

    id: str
    short_name: str
    version: str = "1.0.0"
    created_at: datetime


class EnvironmentInfo(_Model):
    """The machine and the interpreter."""

    hostname: str
    python_version: str
    raw_version: str = RAW_VERSION
    working_directory: str


class RunInfo(_Model):
    """The run; `parameters` are by type and size, not by content."""

    run_id: str
    workflow_id: str
    started_at: datetime
    ended_at: datetime | None = None
    status: RunStatus = RunStatus.PENDING
    duration_seconds: float | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    environment: EnvironmentInfo | None = None


class LogsInfo(_Model):
    """Where the output was kept."""

    stdout: str | None = None
    stderr: str | None = None


class ToolMetadata(_Model):
    """What a tool says of itself."""

    name: str
    description: str
    operations: list[str] = Field(default_factory=list)
    parameters: dict[str, Any] = Field(default_factory=dict)
    version: str | None = None
    documentation: str | None = None
    triggers: list[str] = Field(default_factory=list)


class ProvenanceInfo(_Model):
    """What ran: the commit, and the names of the RAW_ variables that were set."""

    git_sha: str | None = None
    git_branch: str | None = None
    git_dirty: bool | None = None
    workflow_hash: str | None = None
    tool_versions: dict[str, str] = Field(default_factory=dict)
    config_snapshot: dict[str, Any] = Field(default_factory=dict)
    resumed_from: str | None = None


class Manifest(_Model):
    """The nested form of manifest.json; the file holds more keys at its top level."""

    schema_version: str = "1.0.0"
    workflow: WorkflowInfo
    run: RunInfo
    steps: list[StepResult] = Field(default_factory=list)
    artifacts: list[Artifact] = Field(default_factory=list)
    logs: LogsInfo = Field(default_factory=LogsInfo)
    provenance: ProvenanceInfo | None = None
    error: str | None = None
