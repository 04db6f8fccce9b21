"""What a process left in Temporal's history, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import Client, WorkflowHistory

# A signal came while the worker said that the process has ended: the server lets it look again, and that is all.
_HARMLESS = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND


async def history_of(client: Client, workflow_id: str) -> WorkflowHistory:
    """Return the history of a process."""
    return await client.get_workflow_handle(workflow_id).fetch_history()


def signals(history: WorkflowHistory) -> list[tuple[str, dict[str, Any]]]:
    """Return the signals that arrived, each with its argument as it crossed the wire."""
    arrived = [
        event.workflow_execution_signaled_event_attributes
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
    ]
    return [(one.signal_name, json.loads(one.input.payloads[0].data)) for one in arrived]


def task_failures(history: WorkflowHistory) -> list[str]:
    """Return how workflow tasks failed: by what the code did, not because a worker was gone."""
    failed = [
        event.workflow_task_failed_event_attributes
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    ]
    return [
        f"{WorkflowTaskFailedCause.Name(one.cause)}: {one.failure.message}" for one in failed if one.cause != _HARMLESS
    ]


def leaks(history: WorkflowHistory, words: Iterable[str]) -> list[str]:
    """Return those of the words that are in the history: in payloads, messages of failures, or anywhere else."""
    # Payloads are bytes within the event, and JSON of ASCII words is these words.
    stored = b"\n".join(event.SerializeToString() for event in history.events).lower()
    return [word for word in words if word.lower().encode() in stored]
