"""One run of a workflow, from its params to its manifest."""

from __future__ import annotations

import inspect
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raw_runtime import lock
from raw_runtime.bus import LocalEventBus
from raw_runtime.context import WorkflowContext
from raw_runtime.files import PRIVATE, write_atomic
from raw_runtime.journal import FILE_NAME as JOURNAL
from raw_runtime.journal import LocalJournalWriter
from raw_runtime.jsonable import to_json, values_of
from raw_runtime.manifest import add_flat
from raw_runtime.outcome import Outcome, failed, from_exception, from_return
from raw_runtime.protocols.logger import get_logger
from raw_runtime.redact import redact_params
from raw_runtime.result import RunResult
from raw_runtime.results import read_result
from raw_runtime.steplog import StepLog

if TYPE_CHECKING:
    from pydantic import BaseModel

    from raw_runtime.base import BaseWorkflow
    from raw_runtime.protocols.logger import WorkflowLogger
    from raw_runtime.runspec import RunSpec

PARAMS = "params.json"


def execute(
    cls: type[BaseWorkflow[Any]],
    params: BaseModel,
    spec: RunSpec,
    *,
    logger: WorkflowLogger | None = None,
    durable: bool = True,
    by_hand: bool = False,
) -> RunResult:
    """Run the workflow in `spec.run_dir` and return what it came to; leave journal and manifest there.

    Whatever the workflow does, SystemExit and KeyboardInterrupt included, is in the result and not raised.
    `durable` waits for the disk at the end. Several runs may go on in one process, in threads of their own.
    `by_hand` (a script run without the `raw` command) leaves out what only serves resume: params.json,
    steps.jsonl, and the lock.

    Raises:
        RuntimeError: another process runs in this folder.
        OSError: the folder cannot be written.
    """
    began = time.perf_counter()
    run_dir = Path(spec.run_dir)
    held = None if by_hand else _take_lock(run_dir)
    try:
        (run_dir / "results").mkdir(exist_ok=True)
        values = values_of(params)
        if not by_hand:
            _keep_params(run_dir, values)
        resume = None
        if spec.resume_from is not None:
            from raw_runtime.resume import load_state

            resume = load_state(Path(spec.resume_from))
        step_log = None if by_hand else StepLog(run_dir)
        journal = LocalJournalWriter(run_dir / JOURNAL)
        context = WorkflowContext(
            cls.__name__,
            cls.__name__,
            values,
            run_dir,
            LocalEventBus(),
            run_id=spec.run_id,
            journal=journal,
            step_log=step_log,
            resume=resume,
            project_root=Path(spec.project_root) if spec.project_root else None,
            log_file=None if spec.supervised else run_dir / "output.log",
            durable=durable,
        )
        with context:
            outcome = _run(cls, params, context, logger)
            result = _finish(context, outcome, spec, began)
        journal.close(durable=durable)
        if step_log is not None:
            step_log.close(durable=durable)
        return result
    finally:
        if held is not None:
            lock.release(held)


def _take_lock(run_dir: Path) -> int:
    held = lock.take(run_dir)
    if held is None:
        raise RuntimeError(f"Another process runs in {run_dir}. Start a new run.")
    return held


def _keep_params(run_dir: Path, values: dict[str, Any]) -> None:
    try:
        text = json.dumps(to_json(values))
    except ValueError:
        # Bytes that are no text: such a run cannot be resumed.
        return
    write_atomic(run_dir / PARAMS, text.encode(), mode=PRIVATE)


def _run(
    cls: type[BaseWorkflow[Any]], params: BaseModel, context: WorkflowContext, logger: WorkflowLogger | None
) -> Outcome:
    workflow: BaseWorkflow[Any] | None = None
    try:
        workflow = instantiate(cls, params, context, logger)
        workflow.log(f"Starting workflow: {cls.__name__}")
        workflow.log(f"Parameters: {redact_params(context.parameters)}")
        value: Any = workflow.run()
        if inspect.isawaitable(value):
            import asyncio

            value = asyncio.run(_await(value))
        outcome = from_return(value, workflow._last_signal)
    except BaseException as error:
        outcome = from_exception(error, _folder(cls))
        if isinstance(error, Exception):
            import traceback

            traceback.print_exception(error, file=sys.stderr)
    _tell_end(workflow, outcome, logger)
    return outcome


async def _await(value: Any) -> Any:
    return await value


def _tell_end(workflow: BaseWorkflow[Any] | None, outcome: Outcome, logger: WorkflowLogger | None) -> None:
    try:
        for line in outcome.last_words():
            if workflow is not None:
                workflow.log(line)
            else:
                (logger or get_logger()).print(line)
    except (OSError, ValueError):
        # Nobody reads any more (a closed pipe); what the run came to stays the same.
        pass


def instantiate(
    cls: type[BaseWorkflow[Any]], params: BaseModel, context: WorkflowContext, logger: WorkflowLogger | None
) -> BaseWorkflow[Any]:
    """Make the workflow, also when its own `__init__` takes less than upstream's (params, context, logger)."""
    accepted = inspect.signature(cls).parameters
    takes_any = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in accepted.values())
    offered: dict[str, Any] = {"context": context, "logger": logger}
    workflow = cls(params, **{name: value for name, value in offered.items() if takes_any or name in accepted})
    if getattr(workflow, "params", None) is None:
        workflow.params = params
    if workflow.context is None:
        workflow.context = context
    if workflow._logger is None:
        workflow._logger = logger
    return workflow


def _folder(cls: type) -> Path | None:
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return Path(file).absolute().parent if file else None


def _finish(context: WorkflowContext, outcome: Outcome, spec: RunSpec, began: float) -> RunResult:
    result = read_result(Path(spec.run_dir))
    if result is None and outcome.data is not None:
        result = _data_of(outcome)
    context.record_end(outcome.status, outcome.error)
    manifest = add_flat(
        context.build_manifest_dict(outcome.status, outcome.error),
        workflow_id=spec.workflow_id,
        exit_code=outcome.exit_code,
        message=outcome.message,
        signal=outcome.signal,
        result=result,
        traceparent=spec.traceparent,
    )
    try:
        context.save_manifest(manifest)
    except OSError as error:
        outcome = failed(f"The manifest could not be written: {error}")
    return RunResult(
        workflow=spec.workflow_id,
        run_id=spec.run_id,
        run_dir=spec.run_dir,
        status=outcome.signal,
        exit_code=outcome.exit_code,
        message=outcome.message,
        result=result,
        artifacts=manifest["artifact_paths"],
        duration_seconds=time.perf_counter() - began,
    )


def _data_of(outcome: Outcome) -> Any:
    try:
        return to_json(outcome.data, special_floats="null")
    except ValueError:
        return str(outcome.data)


def flush_output() -> None:
    """Write out what is buffered; when nobody reads any more, let nothing fail at exit."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
