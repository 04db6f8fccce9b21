"""A Temporal workflow as small as can be, for tests of what is around workflows."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel

HOLD = "hold"


class Hold(BaseModel):
    """`folder`: where the activity leaves the files `started` and `ended`; `secret` is what nobody may read;
    `breaks` ends the whole worker; `stubborn` heeds no cancellation; `attempts` are all, 0: any number."""

    folder: str
    seconds: float = 0.0
    secret: str = ""
    fail: bool = False
    breaks: bool = False
    stubborn: bool = False
    attempts: int = 0


@workflow.defn(name="Tiny")
class Tiny:
    @workflow.run
    async def run(self, given: Hold) -> str:
        answer: str = await workflow.execute_activity(
            HOLD,
            given,
            result_type=str,
            start_to_close_timeout=timedelta(seconds=60),
            retry_policy=RetryPolicy(maximum_attempts=given.attempts),
        )
        return answer
