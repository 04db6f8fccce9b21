"""Whether Temporal can be worked with, by the worker's own client configuration."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode

from settings import Settings, SettingsError
from tools.checking import Finding, State
from workflows.temporal.client import AwayError, address_of, connect, data_converter, why_away
from workflows.temporal.contracts import STAGE_ATTRIBUTE
from workflows.temporal.environment import connect_config
from workflows.temporal.setup import has_search_attributes

SETTINGS = Settings

_LIMIT_SECONDS = 5.0
# The server remembers a worker that has gone for some minutes; one that lives asks at least once a minute.
_RECENT = timedelta(seconds=90)


def state(settings: Settings) -> State:
    """Say which server and namespace."""
    try:
        config = connect_config()
        data_converter(settings)
    except SettingsError as error:
        return State("broken", str(error))
    namespace = config.get("namespace", "default")
    return State("configured", f"Processes run on Temporal at {address_of(config)}, namespace {namespace}.")


async def check(settings: Settings) -> list[Finding]:
    """Connect as a worker does, and look at the namespace, the search attribute, and who works; nothing is changed."""
    address = address_of(connect_config())
    # The SDK's core writes its warnings to standard output, which is ours.
    runtime = Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter="OFF")))
    began = time.monotonic()
    try:
        async with asyncio.timeout(_LIMIT_SECONDS):
            client = await connect(settings, runtime=runtime)
            took = f"{(time.monotonic() - began) * 1000:.0f} ms"
            found = [Finding("server", True, f"Temporal at {address} let us in, in {took}.")]
            namespace = await _namespace(client)
            if not namespace.ok:
                return [*found, namespace]
            return [*found, namespace, await _search_attribute(client), await _workers(client, settings)]
    except TimeoutError:
        said = f"Temporal at {address} did not answer within {_LIMIT_SECONDS:g} s."
    except AwayError as error:
        said = str(error)
    except RPCError as error:
        said = f"Temporal at {address} {why_away(error)}"
    return [Finding("server", False, said, _remedy(address))]


def _remedy(address: str) -> str:
    local = address.partition(":")[0] in ("localhost", "127.0.0.1", "[")
    start = "Start it (make dev), or set" if local else "Check"
    return f"{start} TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY and TEMPORAL_TLS_... in .env."


async def _namespace(client: Client) -> Finding:
    try:
        answer = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        said = f"Temporal has no namespace {client.namespace!r}."
        remedy = f"Create it (temporal operator namespace create -n {client.namespace}), or correct TEMPORAL_NAMESPACE."
        return Finding("namespace", False, said, remedy)
    hours = answer.config.workflow_execution_retention_ttl.ToTimedelta() / timedelta(hours=1)
    return Finding(
        "namespace", True, f"The namespace {client.namespace} is there, and keeps ended processes {hours:g} h."
    )


async def _search_attribute(client: Client) -> Finding:
    if await has_search_attributes(client):
        return Finding("search attribute", True, f"The search attribute {STAGE_ATTRIBUTE} is there.")
    said = f"The search attribute {STAGE_ATTRIBUTE} is missing: processes run, but cannot be searched by stage."
    return Finding("search attribute", False, said, "Add it: python -m workflows.temporal setup")


async def _workers(client: Client, settings: Settings) -> Finding:
    queue = settings.temporal_task_queue
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    answer = await client.workflow_service.describe_task_queue(request)
    earliest = datetime.now(UTC) - _RECENT
    count = sum(poller.last_access_time.ToDatetime(UTC) >= earliest for poller in answer.pollers)
    if not count:
        said = f"No worker listens on the task queue {queue}: processes wait."
        return Finding("workers", False, said, "Start one: python -m workflows.temporal worker")
    workers = "One worker listens" if count == 1 else f"{count} workers listen"
    return Finding("workers", True, f"{workers} on the task queue {queue}.")
