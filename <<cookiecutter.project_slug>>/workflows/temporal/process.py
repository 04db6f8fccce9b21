"""The worker process: health server, connection, worker, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Protocol, TypeVar

from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

import tracing
from db.schema import migrate_if_needed
from db.session import DatabaseUnavailableError
from settings import Settings
from workflows.temporal.client import connect_with_backoff, data_converter
from workflows.temporal.ending import stop_on_signals
from workflows.temporal.environment import connect_config
from workflows.temporal.health import Answer, HealthServer
from workflows.temporal.processes import check_settings
from workflows.temporal.resources import Resources, open_resources
from workflows.temporal.setup import prepare
from workflows.temporal.state import WorkerState
from workflows.temporal.telemetry import Telemetry
from workflows.temporal.worker import deployment, make_worker

logger = logging.getLogger("workflows.temporal.worker")

# After the grace, activities are cancelled; one that does not heed it must not hold the process.
_CANCEL_SECONDS = 10.0
_CLOSE_SECONDS = 5.0
_DATABASE_PAUSE_SECONDS = 2.0
_METRICS_KIND = "text/plain; version=0.0.4; charset=utf-8"

Result = TypeVar("Result")


class Registry(Protocol):
    """What a worker runs; the module `workflows.temporal.registry` is one."""

    def workflow_types(self) -> list[type]:
        """Return the Temporal workflow classes."""
        ...

    def activities(self, resources: Resources) -> list[Callable[..., Any]]:
        """Return the activities."""
        ...


class WorkerFailedError(Exception):
    """The worker ended by itself, or did not end when it was told to; the text is one plain sentence."""


async def run_worker(settings: Settings, registry: Registry) -> None:
    """Run a worker until SIGTERM or SIGINT; waits for Temporal as long as it is away.

    Raises:
        SettingsError: a setting is wrong, or the health port is taken.
        WorkerFailedError: the worker ended by itself, or did not end in time.
    """
    started = time.monotonic()
    stop = stop_on_signals(asyncio.get_running_loop())
    # Whatever is wrong with the settings is said now, not once Temporal answers.
    connect_config()
    data_converter(settings)
    deployment(settings)
    check_settings()
    stack = AsyncExitStack()
    stack.push_async_callback(tracing.end)
    try:
        state = WorkerState()
        telemetry = Telemetry(metrics=settings.worker_health_port != 0)
        if settings.worker_health_port:
            await stack.enter_async_context(_health_server(settings, state, telemetry))
        resources = await stack.enter_async_context(open_resources(settings))
        client = await _unless_stopped(_migrated_and_connected(settings, telemetry, state), stop)
        if client is None:
            logger.info("told to end before Temporal was there")
            return
        state.client = client
        telemetry.show_zeros(client.namespace, settings.temporal_task_queue)
        workflows, activities = registry.workflow_types(), registry.activities(resources)
        state.worker = make_worker(client, settings, workflows=workflows, activities=activities)
        state.run = asyncio.create_task(state.worker.run(), name="worker")
        _tell_started(client, settings, started)
        background = asyncio.create_task(_prepare_in_development(client, settings), name="prepare")
        await _until_ended(settings, state, stop)
        background.cancel()
    finally:
        await _close(stack)


def _health_server(settings: Settings, state: WorkerState, telemetry: Telemetry) -> HealthServer:
    async def metrics() -> Answer:
        try:
            return Answer(200, await asyncio.to_thread(telemetry.scrape), _METRICS_KIND)
        except OSError as error:
            return Answer.text(503, f"There are no figures: {error}.")

    routes = {"/livez": state.livez, "/readyz": state.readyz, "/metrics": metrics}
    return HealthServer(settings.worker_health_host, settings.worker_health_port, routes)


async def _migrated_and_connected(settings: Settings, telemetry: Telemetry, state: WorkerState) -> Client:
    """Wait for the database where it is to be migrated, then for Temporal.

    Raises:
        WorkerFailedError: the migration itself failed.
    """

    def told(words: str) -> None:
        state.waiting = words

    if settings.migrate_at_start:
        await _migrate(settings, told)
    return await connect_with_backoff(settings, runtime=telemetry.runtime, told=told)


async def _migrate(settings: Settings, told: Callable[[str], None]) -> None:
    """Bring the schema up to date, as the API does in development; a database that is away is waited for."""
    while True:
        try:
            done = await migrate_if_needed(settings)
        except DatabaseUnavailableError as error:
            told(f"{error} Trying again until it is there.")
            logger.warning("database is away, trying again")
            await asyncio.sleep(_DATABASE_PAUSE_SECONDS)
        except Exception as error:
            logger.exception("migration failed")
            raise WorkerFailedError(f"The database's migration failed ({type(error).__name__}).") from error
        else:
            if done is not None:
                logger.info("schema migrated", extra={"fields": {"before": done[0], "after": done[1]}})
            return


async def _unless_stopped(work: Coroutine[Any, Any, Result], stop: asyncio.Event) -> Result | None:
    """Return what the work comes to; None, and the work is cancelled, when the stop comes first."""
    task = asyncio.ensure_future(work)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        for one in (task, stopped):
            one.cancel()


def _tell_started(client: Client, settings: Settings, started: float) -> None:
    fields = {
        "namespace": client.namespace,
        "task_queue": settings.temporal_task_queue,
        "encrypted": bool(settings.temporal_codec_keys),
        "build_id": settings.temporal_worker_build_id,
        "seconds": round(time.monotonic() - started, 2),
        "pid": os.getpid(),
    }
    logger.info("worker started", extra={"fields": fields})


async def _prepare_in_development(client: Client, settings: Settings) -> None:
    """Make what the server must know, as the API brings its schema up to date; in production `setup` does."""
    if settings.environment != "development":
        return
    try:
        for prepared in await prepare(client, settings):
            logger.log(logging.INFO if prepared.done else logging.WARNING, prepared.words)
    except RPCError as error:
        logger.warning("could not prepare the server", extra={"fields": {"status": error.status.name}})


async def _until_ended(settings: Settings, state: WorkerState, stop: asyncio.Event) -> None:
    """Wait for the worker's end, or for the stop and then for an orderly end.

    Raises:
        WorkerFailedError: it ended by itself, or not in time.
    """
    assert state.run is not None
    assert state.worker is not None
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait((state.run, stopped), return_when=asyncio.FIRST_COMPLETED)
    if not state.run.done():
        state.draining = True
        logger.info("told to end", extra={"fields": {"grace_seconds": settings.worker_grace_seconds}})
        shutdown = asyncio.ensure_future(_shut_down(state.worker))
        await asyncio.wait((state.run,), timeout=settings.worker_grace_seconds + _CANCEL_SECONDS)
        shutdown.cancel()
        if not state.run.done():
            raise WorkerFailedError("The worker did not end in time: an activity does not heed its cancellation.")
    if (error := state.run.exception()) is not None:
        logger.error("worker failed", exc_info=error)
        raise WorkerFailedError(f"The worker ended by itself: {_words_of(error)}")
    if not state.draining:
        raise WorkerFailedError("The worker ended by itself.")
    logger.info("worker ended")


async def _shut_down(worker: Worker) -> None:
    await worker.shutdown()


def _words_of(error: BaseException) -> str:
    """Return the text of an error of the SDK, and of what caused it; of others only the kind: they may quote people."""
    words = type(error).__name__
    if isinstance(error, (RuntimeError, RPCError)):
        words += f": {' '.join(str(error).split())[:300]}"
    return words if error.__cause__ is None else f"{words} <- {_words_of(error.__cause__)}"


async def _close(stack: AsyncExitStack) -> None:
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await stack.aclose()
    except TimeoutError:
        logger.warning("not everything was closed in time")
