"""The outbox sweep, as its history is recorded."""

from __future__ import annotations

from temporalio.testing import WorkflowEnvironment

from workflows.temporal.contracts import OUTBOX_SWEEP, SweepInput, SweepResult
from workflows.temporal.tests.plays import Handle, Recorded
from workflows.temporal.tests.rehearsal import TASK_QUEUE, Script, working


async def _sweep(environment: WorkflowEnvironment, _: str) -> Handle:
    async with working(environment.client, Script()):
        handle: Handle = await environment.client.start_workflow(
            OUTBOX_SWEEP, SweepInput(), id="outbox-sweep", task_queue=TASK_QUEUE, result_type=SweepResult
        )
        await handle.result()
        return handle


PLAYS: dict[str, Recorded] = {"outbox-sweep": _sweep}
