"""What the hiring process is measured against: a workflow as small as the SDK allows, with as many activities.

Ours, as it is rejected by its CV, is record, run_raw_workflow, send_mail, record. Both get activities that do nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from workflows.temporal.contracts import Activity, RawOutcome, RawRun, Record
    from workflows.temporal.hiring_contracts import HiringActivity, Mail

ACTIVITIES = 4


@workflow.defn(name="Bare")
class Bare:
    """Runs its activities one after the other."""

    @workflow.run
    async def run(self, candidate_id: str) -> str:
        """Return the word that the last activity returned."""
        answer = ""
        for _ in range(ACTIVITIES):
            answer = await workflow.execute_activity(
                "bare", candidate_id, result_type=str, start_to_close_timeout=timedelta(seconds=60)
            )
        return answer


@activity.defn(name="bare")
async def bare(candidate_id: str) -> str:  # noqa: ARG001 - as much crosses the wire as a process needs
    """Do nothing."""
    return "done"


@activity.defn(name=Activity.RUN_RAW_WORKFLOW)
async def run_raw_workflow(run: RawRun) -> RawOutcome:  # noqa: ARG001
    """Find nobody qualified."""
    return RawOutcome(values={"score": 0.2, "qualified": False})


@activity.defn(name=HiringActivity.SEND_MAIL)
async def send_mail(mail: Mail) -> None:
    """Send nothing."""


@activity.defn(name=Activity.RECORD)
async def record(given: Record) -> None:
    """Record nothing."""


def activities() -> list[Callable[..., Any]]:
    """Return them all, for a worker."""
    return [bare, run_raw_workflow, send_mail, record]
