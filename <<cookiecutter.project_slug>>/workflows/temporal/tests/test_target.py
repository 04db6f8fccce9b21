"""Deliveries to a real Temporal server."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from db import testing
from db.delivery import TargetAwayError, UndeliverableError
from db.repositories.outbox import OutboxLease
from db.types import new_id, utc_now
from settings import DEFAULT_DATABASE_URL, Settings
from workflows.temporal.contracts import HiringInput
from workflows.temporal.executables import TEMPORAL, TEST_SERVER, find_executable
from workflows.temporal.target import CALL_SECONDS, TemporalTarget
from workflows.temporal.tests.standin import StandIn

pytestmark = pytest.mark.anyio

QUEUE = "edge"
# Nothing listens there.
NOWHERE = "127.0.0.1:9"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def client(anyio_backend: str) -> AsyncIterator[Client]:  # noqa: ARG001 - the backend that this fixture runs on
    """A client of a server that has a worker, which knows the stand-in."""
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=find_executable(TEST_SERVER), data_converter=pydantic_data_converter
    )
    async with environment, Worker(environment.client, task_queue=QUEUE, workflows=[StandIn]):
        yield environment.client


def settings(**changes: Any) -> Settings:
    return testing.settings_for(DEFAULT_DATABASE_URL, temporal_task_queue=QUEUE, **changes)


@pytest.fixture
def target(client: Client) -> TemporalTarget:
    return TemporalTarget(client, settings(hiring_schedule_limit=timedelta(days=9), hiring_call_attempts=5))


def entry(kind: str, candidate_id: uuid.UUID, **payload: Any) -> OutboxLease:
    now = utc_now()
    target = f"hiring-{candidate_id}"
    given = {"candidate_id": str(candidate_id), **payload}
    return OutboxLease(new_id(), kind, target, 1, given, "candidate", candidate_id, str(new_id()), "me", 1, now, now)


def signal(candidate_id: uuid.UUID, event: str, **payload: Any) -> OutboxLease:
    return entry("signal", candidate_id, event=event, event_id=f"{event}:1", **payload)


def process(client: Client, candidate_id: uuid.UUID) -> WorkflowHandle[Any, Any]:
    return client.get_workflow_handle(f"hiring-{candidate_id}")


async def told(client: Client, candidate_id: uuid.UUID) -> list[str]:
    answer: list[str] = await process(client, candidate_id).query("told", result_type=list[str])
    return answer


async def test_a_start_is_one_process_however_often_it_is_delivered(client: Client, target: TemporalTarget) -> None:
    candidate_id = new_id()
    await asyncio.gather(*(target.deliver(entry("start", candidate_id)) for _ in range(5)))
    handle = process(client, candidate_id)
    first = (await handle.describe()).run_id
    [started] = [
        event
        async for event in handle.fetch_history_events()
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED
    ]
    attributes = started.workflow_execution_started_event_attributes
    [given] = await client.data_converter.decode(attributes.input.payloads, [HiringInput])
    assert (given.candidate_id, given.call_attempts, given.search_attributes) == (str(candidate_id), 5, False)
    assert (given.durations.schedule_limit, given.durations.call_retry) == (timedelta(days=9), timedelta(hours=4))
    assert attributes.task_queue.name == QUEUE

    assert await target.deliver(signal(candidate_id, "withdrawal")) is None
    await handle.result()
    assert await target.deliver(entry("start", candidate_id)) is None
    assert (await handle.describe()).run_id == first, "what has ended is not started again"


async def test_each_event_is_the_signal_that_the_process_knows(client: Client, target: TemporalTarget) -> None:
    candidate_id = new_id()
    await target.deliver(entry("start", candidate_id))
    for event in (
        signal(candidate_id, "calendar", type="scheduled", call_time="2030-05-06T14:30:00+02:00"),
        signal(candidate_id, "calendar", type="cancelled"),
        signal(candidate_id, "twilio", call_sid="CA1", status="no-answer", transcript=False),
        signal(candidate_id, "call-completed", call_sid="CA2", status="completed", transcript=True),
        signal(candidate_id, "decision", decision="approve", by="ann's key"),
    ):
        assert await target.deliver(event) is None
    assert await told(client, candidate_id) == [
        'CalendarEvent {"event_id":"calendar:1","type":"scheduled","call_time":"2030-05-06T14:30:00+02:00"}',
        'CalendarEvent {"event_id":"calendar:1","type":"cancelled","call_time":null}',
        'CallEvent {"event_id":"twilio:1","call_sid":"CA1","status":"no-answer","transcript":false}',
        'CallEvent {"event_id":"call-completed:1","call_sid":"CA2","status":"completed","transcript":true}',
        'Decision {"event_id":"decision:1","decision":"approve","by":"ann\'s key"}',
    ]


async def test_a_signal_after_the_end_is_delivered_and_told(client: Client, target: TemporalTarget) -> None:
    candidate_id = new_id()
    await target.deliver(entry("start", candidate_id))
    await target.deliver(signal(candidate_id, "withdrawal"))
    await process(client, candidate_id).result()
    assert await target.deliver(signal(candidate_id, "withdrawal")) == "signal_after_end"
    assert await target.deliver(signal(new_id(), "withdrawal")) == "signal_without_process"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            signal(new_id(), "calendar", type="moved"),
            "the payload of event 'calendar' does not fit: type: Input should",
        ),
        (signal(new_id(), "calendar", type="scheduled", call_time="ann@example.com"), "call_time: Input should be"),
        (signal(new_id(), "twilio", status="completed"), "call_sid: Field required"),
        (signal(new_id(), "rumour"), "kind 'signal' with event 'rumour' is nothing that a process knows"),
        (entry("signal", new_id()), "kind 'signal' with event 'None'"),
        (entry("telegram", new_id(), event="decision"), "kind 'telegram' with event 'decision'"),
    ],
)
async def test_what_no_process_can_be_told_is_undeliverable(
    target: TemporalTarget, given: OutboxLease, words: str
) -> None:
    with pytest.raises(UndeliverableError) as caught:
        await target.deliver(given)
    assert words in str(caught.value)
    assert "ann@example.com" not in str(caught.value)


async def away(target: TemporalTarget, candidate_id: uuid.UUID) -> set[str]:
    """Return what is said of a start, a signal and a ping, each of which must say that Temporal is away."""
    words = set()
    for attempt in (
        target.deliver(entry("start", candidate_id)),
        target.deliver(signal(candidate_id, "withdrawal")),
        target.ping(),
    ):
        with pytest.raises(TargetAwayError) as caught:
            await attempt
        words.add(str(caught.value).partition(":")[0])
    return words


async def test_a_server_that_is_away_is_told_from_an_entry_at_fault() -> None:
    lazy = await Client.connect(NOWHERE, lazy=True, data_converter=pydantic_data_converter)
    assert await away(TemporalTarget(lazy, settings()), new_id()) == {"Temporal refuses the connection"}


@pytest.mark.slow
async def test_a_server_that_hangs_holds_nobody_up() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        lazy = await Client.connect(address, lazy=True, data_converter=pydantic_data_converter)
        target = TemporalTarget(lazy, settings())
        async with asyncio.timeout(CALL_SECONDS + 2):
            with pytest.raises(TargetAwayError):
                await target.deliver(signal(new_id(), "withdrawal"))


@pytest.mark.server
@pytest.mark.skipif(find_executable(TEMPORAL) is None, reason="no Temporal server here: uv sync --group server")
class TestDevServer:
    """What the test server does not do as the real one does."""

    @pytest.fixture(scope="class")
    async def server(self, anyio_backend: str) -> AsyncIterator[Client]:  # noqa: ARG002 - it runs on this backend
        environment = await WorkflowEnvironment.start_local(
            dev_server_existing_path=find_executable(TEMPORAL),
            dev_server_log_level="error",
            data_converter=pydantic_data_converter,
        )
        async with environment, Worker(environment.client, task_queue=QUEUE, workflows=[StandIn]):
            yield environment.client

    async def test_starts_signals_and_what_has_ended(self, server: Client) -> None:
        target, candidate_id = TemporalTarget(server, settings()), new_id()
        await target.ping()
        for _ in range(2):
            assert await target.deliver(entry("start", candidate_id)) is None
        for _ in range(2):
            event = signal(candidate_id, "decision", decision="reject", by="x")
            assert await target.deliver(event) is None
        assert len(await told(server, candidate_id)) == 2, "the process itself tells copies by their event_id"
        await target.deliver(signal(candidate_id, "withdrawal"))
        await process(server, candidate_id).result()
        assert await target.deliver(signal(candidate_id, "withdrawal")) == "signal_after_end"
        assert await target.deliver(entry("start", candidate_id)) is None
        assert await target.deliver(signal(new_id(), "withdrawal")) == "signal_without_process"

    async def test_a_namespace_that_is_not_there_is_no_process_that_has_ended(self, server: Client) -> None:
        config = server.config()
        config["namespace"] = "elsewhere"
        words = await away(TemporalTarget(Client(**config), settings()), new_id())
        assert words == {"Temporal cannot be worked with"}

    async def test_what_the_server_refuses_for_good_is_undeliverable(self, server: Client) -> None:
        long = entry("start", new_id())
        object.__setattr__(long, "target", "x" * 2000)
        with pytest.raises(UndeliverableError, match="Temporal refuses it: WorkflowId exceeds"):
            await TemporalTarget(server, settings()).deliver(long)
