"""RAW workflows as an activity: pure, so tried again after a crash or a timeout."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from db.repositories import entities, timeline
from db.session import Database
from raw_runtime.errors import WorkflowNotFound
from raw_runtime.result import EXIT_USAGE, RunResult
from workflows.temporal.activities.entities import check, gone, whose
from workflows.temporal.contracts import Activity, RawOutcome, RawRun
from workflows.temporal.resources import Runner

_HEARTBEAT_SECONDS = 4.0
_LONGEST_KEPT = 100


class RawActivities:
    """Activities that run RAW workflows."""

    def __init__(self, database: Database, runner: Runner) -> None:
        self._database = database
        self._runner = runner

    @activity.defn(name=Activity.RUN_RAW_WORKFLOW)
    async def run_raw_workflow(self, run: RawRun) -> RawOutcome:
        """Run a RAW workflow, store its result with the entity, and return the few values that may travel.

        It heartbeats; cancelled, it kills the run with everything that it started. Wrong params are not tried again,
        everything else is.
        """
        await check(self._database, whose(run))
        heart = asyncio.create_task(_beat())
        try:
            result = await self._run(run)
        finally:
            heart.cancel()
            with suppress(asyncio.CancelledError):
                await heart
        if not result.ok:
            # The message is the workflow's own, which may quote what a person wrote: it stays in the run's folder.
            raise ApplicationError(
                f"raw run {run.workflow} ended with exit code {result.exit_code} (run {result.run_id}).",
                type="RawUsage" if result.exit_code == EXIT_USAGE else "RawFailed",
                non_retryable=result.exit_code == EXIT_USAGE,
            )
        value = result.result if isinstance(result.result, Mapping) else {"value": result.result}
        kept = {name: _small(run, name, value) for name in run.keep}
        await self._store(run, value, kept)
        await asyncio.to_thread(_remove_run, result)
        return RawOutcome(values=kept)

    async def _run(self, run: RawRun) -> RunResult:
        try:
            return await self._runner.run(run.workflow, run.params, timeout=run.timeout_seconds)
        except WorkflowNotFound as error:
            raise ApplicationError(str(error), type="WorkflowNotFound", non_retryable=True) from None
        except Exception as error:
            # Of a broken pool the SDK would end the whole worker.
            raise ApplicationError(
                f"raw run {run.workflow} could not be started ({type(error).__name__}).", type="RawFailed"
            ) from None

    async def _store(self, run: RawRun, value: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
        entity, info = whose(run), activity.info()
        async with self._database.session() as session:
            if not await entities.set_result_part(session, *entity, run.workflow, dict(value)):
                raise gone(entity)
            key = f"{info.workflow_id}:{info.activity_id}:{run.workflow}"
            detail = {"workflow": run.workflow, **kept}
            await timeline.add_once(session, *entity, "raw_complete", detail, key=key)


def _small(run: RawRun, name: str, value: Mapping[str, Any]) -> Any:
    """Return a field that may travel.

    Raises:
        ApplicationError: it is missing, or long enough to be what a person wrote; a fault of the code.
    """
    found = value.get(name)
    if isinstance(found, bool | int | float) or (isinstance(found, str) and len(found) <= _LONGEST_KEPT):
        return found
    raise ApplicationError(
        f"The result of {run.workflow} has no {name} that is a number, a truth value or a short word.",
        type="RawResult",
        non_retryable=True,
    )


async def _beat() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(_HEARTBEAT_SECONDS)


def _remove_run(result: RunResult) -> None:
    """Remove the folder of a run whose result is in the database: it holds what a person wrote."""
    if result.run_dir and Path(result.run_dir).parent.name == "runs":
        shutil.rmtree(result.run_dir, ignore_errors=True)
