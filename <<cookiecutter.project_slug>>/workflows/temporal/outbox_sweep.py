"""A Temporal Schedule starts this every few minutes: it delivers what waits in the outbox for too long.

The API delivers at once and goes on trying; the sweep is for the night when no API process is left, and for the shape
that has none. It tells people on Slack when entries were given up on.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows.temporal.contracts import OUTBOX_SWEEP, Activity, SweepInput, SweepResult


@workflow.defn(name=OUTBOX_SWEEP)
class OutboxSweep:
    """One look at the outbox."""

    @workflow.run
    async def run(self, given: SweepInput) -> SweepResult:
        """Deliver what is overdue; the next look is the next try."""
        result: SweepResult = await workflow.execute_activity(
            Activity.SWEEP_OUTBOX.value,
            given,
            result_type=SweepResult,
            start_to_close_timeout=timedelta(minutes=4),
            heartbeat_timeout=timedelta(seconds=60),
            retry_policy=RetryPolicy(maximum_attempts=3),
        )
        return result
