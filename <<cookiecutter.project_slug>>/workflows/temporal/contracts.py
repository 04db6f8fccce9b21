"""What crosses Temporal's wire, of whatever process: inputs, results and names.

Ids, times and words from fixed lists travel; what people wrote stays in the database. Fields may be added with a
default, never renamed or removed: histories that hold the old form are replayed for months.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

OUTBOX_SWEEP = "OutboxSweep"
STATUS_QUERY = "status"
# A search attribute (keyword), where the server has it: `python -m workflows.temporal setup` registers it.
STAGE_ATTRIBUTE = "ProcessStage"
# A counter of the worker, by `process` and `status`: its name, and what it says.
ENDED_METRIC = ("processes_ended_total", "Processes that ended, by their final status.")


class Activity(StrEnum):
    """Names of the activities that every process may use; workflows know them by name only."""

    RUN_RAW_WORKFLOW = "run_raw_workflow"
    NOTIFY_SLACK = "notify_slack"
    RECORD = "record"
    SWEEP_OUTBOX = "sweep_outbox"


class Contract(BaseModel):
    """Frozen; unknown fields are ignored, so that an old worker takes what a new client sends."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class OfEntity(Contract):
    """What is about one entity, by its type and id."""

    entity_type: str
    entity_id: str


class ProcessInput(OfEntity):
    """What a process starts with. `search_attributes`: whether the server has ours."""

    search_attributes: bool = False


class ProcessStatus(Contract):
    """The answer of the status query; a process may say more. `waiting_until` is in UTC."""

    stage: str
    final: bool
    waiting_until: datetime | None = None


class RawRun(OfEntity):
    """A run of a RAW workflow on behalf of an entity.

    The whole result is stored with the entity under the workflow's name; of it, only the fields named in `keep`
    travel back (numbers, booleans, short words). A run that ends with exit code 2 is not tried again.
    """

    workflow: str
    params: dict[str, Any]
    keep: list[str] = []
    timeout_seconds: float = 60.0


class RawOutcome(Contract):
    """What a RAW workflow came to: the fields that were to be kept."""

    values: dict[str, Any]


class SlackNotice(OfEntity):
    """A notice for the team; `kind` is a short name for it, `text` names nobody, `key` is its idempotency key."""

    kind: str
    text: str
    key: str


class Record(OfEntity):
    """A transition: an event in the entity's timeline and, if given, the entity's new status.

    `key` makes it once, however often it is tried.
    """

    event: str
    key: str
    detail: dict[str, Any] = {}
    status: str | None = None


class SweepInput(Contract):
    """What the outbox sweep counts as stuck: entries that have waited for this long."""

    older_than: timedelta = timedelta(minutes=5)


class SweepResult(Contract):
    """What a sweep found and did."""

    delivered: int = 0
    waiting: int = 0
    parked: int = 0
