"""A process with tracing on, for tests: it can be switched on once a process."""

from __future__ import annotations

import asyncio
import sys
import uuid
from datetime import timedelta

from temporalio.client import Client, WorkflowFailureError, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

import tracing
from configuration.base import load_settings
from configuration.tracing import TracingSettings
from settings import ROOT
from workflows.temporal.registry import workflow_types
from workflows.temporal.tests.parcel_workflow import WAY, ParcelResult
from workflows.temporal.tests.parcels import PROCESS, known_parcels
from workflows.temporal.tests.rehearsal import TASK_QUEUE, Rehearsal, Script, input_of, time_skipping, working
from workflows.temporal.tests.servers import settings_for
from workflows.temporal.tests.tiny import Hold, Tiny
from workflows.temporal.tests.tiny_registry import hold
from workflows.temporal.worker import make_worker

HISTORIES = ROOT / "workflows/temporal/tests/histories"
ID = "5f0c7a52-2f7b-4a7e-9d0e-0f8b7c6d5e4f"
SECRET = "Ann Example"


async def traced_client(environment: WorkflowEnvironment) -> Client:
    """Return a client as `client.connect` makes it, of the test server."""
    return await Client.connect(
        environment.client.service_client.config.target_host,
        namespace=environment.client.namespace,
        data_converter=pydantic_data_converter,
        plugins=tracing.temporal_plugins(),
    )


async def evicted() -> None:
    """Play a process with a worker that keeps nothing in memory: each step is a replay."""
    with known_parcels():
        async with time_skipping() as environment:
            client = await traced_client(environment)
            script = Script(raw={"sort": {"lane": 1}})
            async with working(client, script, max_cached_workflows=0):
                workflow_id = PROCESS.target(uuid.UUID(ID))
                with tracing.span("start"):
                    given, queue = input_of(PROCESS, ID), TASK_QUEUE
                    await client.start_workflow(PROCESS.workflow, given, id=workflow_id, task_queue=queue)
                watched = environment.client.get_workflow_handle(workflow_id, result_type=ParcelResult)
                play = Rehearsal(environment, PROCESS, script, watched, ID)
                await play.stage(WAY)
                await play.signal("scan", place="here")
                print((await play.result()).status)


async def failing() -> None:
    """Let an activity, and with it its workflow, fail with words of a person."""
    async with time_skipping() as environment:
        client = await traced_client(environment)
        settings = settings_for(temporal_task_queue="tiny")
        async with make_worker(client, settings, workflows=[Tiny], activities=[hold]):
            with tracing.span("start"):
                given = Hold(folder=sys.argv[2], fail=True, secret=SECRET)
                try:
                    await client.execute_workflow(
                        Tiny.run, given, id=f"tiny-{ID}", task_queue="tiny", run_timeout=timedelta(seconds=30)
                    )
                except WorkflowFailureError:
                    print("failed")


async def replayed() -> None:
    """Replay the recorded histories, which were made without tracing."""
    replayer = Replayer(
        workflows=workflow_types(), data_converter=pydantic_data_converter, plugins=tracing.temporal_plugins()
    )
    for path in sorted(HISTORIES.glob("*.json")):
        result = await replayer.replay_workflow(WorkflowHistory.from_json(path.stem, path.read_text()))
        assert result.replay_failure is None
        print(path.stem)


def main() -> None:
    """Play one of them."""
    assert tracing.configure(load_settings(TracingSettings), "play")
    with tracing.ended():
        asyncio.run({"evicted": evicted, "failing": failing, "replayed": replayed}[sys.argv[1]]())


if __name__ == "__main__":
    main()
