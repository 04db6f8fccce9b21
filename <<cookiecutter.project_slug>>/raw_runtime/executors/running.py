"""Load, check the params, execute: what happens to a run in the process that has it."""

from __future__ import annotations

from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from raw_runtime.errors import ParamsError, WorkflowBroken
from raw_runtime.result import EXIT_FAILED, RunResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from raw_runtime.base import BaseWorkflow
    from raw_runtime.protocols.logger import WorkflowLogger
    from raw_runtime.runspec import RunSpec


def run_spec(
    load: Callable[[], type[BaseWorkflow[Any]]],
    spec: RunSpec,
    *,
    logger: WorkflowLogger | None = None,
    durable: bool = True,
) -> RunResult:
    """Run the workflow that `load` returns; a script that does not load and wrong params are in the result.

    After wrong params nothing has begun: there is no run directory any more, and the result names none.
    """
    from raw_runtime.execute import execute
    from raw_runtime.params import validate_params
    from raw_runtime.reconcile import finish_run

    run_dir = Path(spec.run_dir)
    try:
        cls = load()
    except WorkflowBroken as error:
        finish_run(run_dir, status="failed", error=str(error), exit_code=error.exit_code, workflow_id=spec.workflow_id)
        return RunResult(spec.workflow_id, spec.run_id, spec.run_dir, "error", error.exit_code, str(error))
    try:
        params = validate_params(cls, spec.params or {})
    except ParamsError as error:
        rmtree(run_dir, ignore_errors=True)
        return RunResult(spec.workflow_id, "", "", "error", error.exit_code, str(error))
    try:
        return execute(cls, params, spec, logger=logger, durable=durable)
    except OSError as error:
        message = f"The run could not be recorded in {run_dir}: {error}"
        return RunResult(spec.workflow_id, spec.run_id, spec.run_dir, "error", EXIT_FAILED, message)
