from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.workflowservice.v1 import DescribeWorkerDeploymentRequest
from temporalio.common import VersioningBehavior
from temporalio.service import RPCError

from settings import SettingsError
from workflows.temporal.tests.servers import DevServer, dev_server, needs_server, settings_for, worker_process
from workflows.temporal.tests.tiny import Hold, Tiny
from workflows.temporal.tests.tiny_registry import hold
from workflows.temporal.worker import deployment, make_worker

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    with dev_server(tmp_path_factory.mktemp("server")) as server:
        yield server


def test_versioning_is_off_unless_both_are_set() -> None:
    assert deployment(settings_for()) is None
    config = deployment(settings_for(temporal_deployment_name="house", temporal_worker_build_id="1.0"))
    assert config is not None
    assert (config.version.deployment_name, config.version.build_id) == ("house", "1.0")
    assert config.default_versioning_behavior == VersioningBehavior.AUTO_UPGRADE
    for given, missing in (
        ({"temporal_deployment_name": "house"}, "TEMPORAL_WORKER_BUILD_ID"),
        ({"temporal_worker_build_id": "1.0"}, "TEMPORAL_DEPLOYMENT_NAME"),
    ):
        only: dict[str, Any] = given
        with pytest.raises(SettingsError, match=f"^{missing} is missing"):
            deployment(settings_for(**only))


@pytest.mark.server
@needs_server
async def test_a_worker_in_a_test(server: DevServer, tmp_path: Path) -> None:
    settings = settings_for(worker_activities=2, worker_grace_seconds=0)
    client = await server.client(settings)
    async with make_worker(client, settings, workflows=[Tiny], activities=[hold], task_queue="a test's"):
        given = Hold(folder=str(tmp_path), secret="x")
        name = f"tiny-{uuid.uuid4()}"
        assert await client.execute_workflow(Tiny.run, given, id=name, task_queue="a test's") == "held x"


@pytest.mark.server
@needs_server
async def test_a_versioned_worker_takes_work_once_its_version_is_current(server: DevServer, tmp_path: Path) -> None:
    versioned = {"TEMPORAL_DEPLOYMENT_NAME": "house", "TEMPORAL_WORKER_BUILD_ID": "2.0"}
    client = await server.client()
    with worker_process(tmp_path, server.address, **versioned) as worker:
        await worker.start()
        request = DescribeWorkerDeploymentRequest(namespace="default", deployment_name="house")
        async with asyncio.timeout(20):
            while True:
                try:
                    found = await client.workflow_service.describe_worker_deployment(request)
                except RPCError:
                    await asyncio.sleep(0.2)
                else:
                    break
        versions = [summary.deployment_version.build_id for summary in found.worker_deployment_info.version_summaries]
        assert versions == ["2.0"]
        words = [
            "worker",
            "deployment",
            "set-current-version",
            "--deployment-name",
            "house",
            "--build-id",
            "2.0",
            "--yes",
        ]
        made = server.cli(*words)
        assert made.returncode == 0, made.stderr
        name = f"tiny-{uuid.uuid4()}"
        given = Hold(folder=str(tmp_path))
        handle = await client.start_workflow(Tiny.run, given, id=name, task_queue=worker.task_queue)
        assert await asyncio.wait_for(handle.result(), 30) == "held "
        described = await handle.describe()
        info = described.raw_description.workflow_execution_info.versioning_info
        assert info.behavior == VersioningBehavior.AUTO_UPGRADE.value
        assert info.deployment_version.build_id == "2.0"


@pytest.mark.server
@needs_server
async def test_a_worker_that_ends_by_itself_ends_the_process(server: DevServer, tmp_path: Path) -> None:
    client = await server.client()
    with worker_process(tmp_path, server.address) as worker:
        await worker.start()
        given = Hold(folder=str(tmp_path), breaks=True)
        handle = await client.start_workflow(Tiny.run, given, id=f"tiny-{uuid.uuid4()}", task_queue=worker.task_queue)
        assert await worker.ended() == 1
        await handle.terminate()
    last = worker.text().splitlines()[-1]
    assert last == "The worker ended by itself: RuntimeError: Activity worker failed <- BrokenExecutor: broken"
