from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.client import Schedule, ScheduleActionStartWorkflow, ScheduleHandle, ScheduleOverlapPolicy
from temporalio.testing import WorkflowEnvironment

from workflows.temporal.client import data_converter
from workflows.temporal.contracts import OUTBOX_SWEEP, SweepInput
from workflows.temporal.setup import SWEEP_EVERY, SWEEP_ID, has_search_attributes, prepare
from workflows.temporal.tests.servers import DevServer, Process, dev_server, needs_server, settings_for

pytestmark = pytest.mark.anyio
SETTINGS = settings_for(temporal_task_queue="mine")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    with dev_server(tmp_path_factory.mktemp("server")) as server:
        yield server


async def sweep(handle: ScheduleHandle) -> Schedule:
    return (await handle.describe()).schedule


@pytest.mark.server
@needs_server
async def test_prepared_by_many_at_once_and_again(server: DevServer) -> None:
    client = await server.client()
    assert not await has_search_attributes(client)
    for many in await asyncio.gather(*(prepare(client, SETTINGS) for _ in range(6))):
        assert [prepared.done for prepared in many] == [True, True]
    again = [prepared.words for prepared in await prepare(client, SETTINGS)]
    assert again == [
        "The search attribute ProcessStage is there.",
        "The schedule outbox-sweep is there: every 5 minutes, on the task queue mine.",
    ]
    assert await has_search_attributes(client)
    schedule = await sweep(client.get_schedule_handle(SWEEP_ID))
    assert isinstance(schedule.action, ScheduleActionStartWorkflow)
    assert (schedule.action.workflow, schedule.action.task_queue) == (OUTBOX_SWEEP, "mine")
    assert [interval.every for interval in schedule.spec.intervals] == [SWEEP_EVERY]
    assert schedule.policy.overlap == ScheduleOverlapPolicy.SKIP


@pytest.mark.server
@needs_server
async def test_the_schedule_follows_the_settings_and_stays_paused(server: DevServer) -> None:
    client = await server.client()
    await prepare(client, SETTINGS)
    handle = client.get_schedule_handle(SWEEP_ID)
    await handle.pause(note="by hand")
    await prepare(client, settings_for(temporal_task_queue="another"))
    schedule = await sweep(handle)
    assert isinstance(schedule.action, ScheduleActionStartWorkflow)
    assert schedule.action.task_queue == "another"
    assert (schedule.state.paused, schedule.state.note) == (True, "by hand")
    await handle.trigger()
    async with asyncio.timeout(10):
        while not (started := (await handle.describe()).info.recent_actions):
            await asyncio.sleep(0.1)
    workflow_id = started[0].action.workflow_id  # type: ignore[attr-defined]
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    [payload] = history.events[0].workflow_execution_started_event_attributes.input.payloads
    assert SweepInput.model_validate_json(payload.data) == SweepInput()


@pytest.mark.server
@needs_server
async def test_the_command(server: DevServer, tmp_path: Path) -> None:
    command = Process(tmp_path / "setup.log")
    env = {"PYTHONPATH": str(Path.cwd()), "TEMPORAL_ADDRESS": server.address, "TEMPORAL_NAMESPACE": "default"}
    command.spawn(sys.executable, "-m", "workflows.temporal", "setup", env=env)
    assert await command.ended(60) == 0
    assert "The schedule outbox-sweep " in command.text()
    away = Process(tmp_path / "away.log")
    words = [sys.executable, "-m", "workflows.temporal", "setup", "--wait", "1"]
    away.spawn(*words, env={**env, "TEMPORAL_ADDRESS": "127.0.0.1:1"})
    assert await away.ended(60) == 1
    assert away.text().splitlines()[-1].endswith("refuses the connection: it does not run there (TEMPORAL_ADDRESS).")


async def test_what_the_server_lacks_is_told() -> None:
    found = shutil.which("temporal-test-server", path=str(Path(sys.executable).parent))
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=found, data_converter=data_converter(SETTINGS)
    ) as environment:
        assert not await has_search_attributes(environment.client)
        attribute, schedule = await prepare(environment.client, SETTINGS)
    assert not attribute.done
    assert attribute.words.startswith(
        "This server does not let us add search attributes (UNIMPLEMENTED). Add ProcessStage"
    )
    words = "This server does not let us make schedules (UNIMPLEMENTED): nothing sweeps the outbox."
    assert schedule == (False, words)
