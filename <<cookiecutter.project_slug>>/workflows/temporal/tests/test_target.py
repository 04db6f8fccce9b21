"""Deliveries to a real Temporal server."""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from db import testing
from db.delivery import TargetAwayError, UndeliverableError
from db.repositories.outbox import OutboxLease
from db.types import new_id, utc_now
from settings import DEFAULT_DATABASE_URL, Settings
from workflows.temporal.contracts import STATUS_QUERY
from workflows.temporal.executables import TEMPORAL, find_executable
from workflows.temporal.processes import processes
from workflows.temporal.target import CALL_SECONDS, TemporalTarget
from workflows.temporal.tests.parcel_workflow import ParcelInput, ParcelProcess, ParcelResult, ParcelStatus
from workflows.temporal.tests.parcels import PROCESS, known_parcels
from workflows.temporal.tests.rehearsal import TASK_QUEUE, Script, time_skipping, working

pytestmark = pytest.mark.anyio

# Nothing listens there.
NOWHERE = "127.0.0.1:9"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    """Parcels are known, and their processes start with what their settings say: scanned three times they arrive."""
    with known_parcels():

        def make_input(parcel_id: str, search_attributes: bool) -> ParcelInput:
            given = PROCESS.make_input(parcel_id, search_attributes).model_dump()
            return ParcelInput(**{**given, "wanted": 3})

        processes()[PROCESS.name] = dataclasses.replace(PROCESS, make_input=make_input)
        yield


@pytest.fixture(scope="module")
async def client(anyio_backend: str) -> AsyncIterator[Client]:  # noqa: ARG001 - the backend that this fixture runs on
    """A client of a server that has a worker, which knows the parcel's process."""
    async with time_skipping() as environment, working(environment.client, script(), workflows=[ParcelProcess]):
        yield environment.client


def script() -> Script:
    return Script(raw={"sort": {"lane": 3}})


def settings() -> Settings:
    return testing.settings_for(DEFAULT_DATABASE_URL, temporal_task_queue=TASK_QUEUE)


@pytest.fixture
def target(client: Client) -> TemporalTarget:
    return TemporalTarget(client, settings())


def entry(kind: str, parcel_id: uuid.UUID, *, target: str | None = None, **payload: Any) -> OutboxLease:
    now = utc_now()
    given = {"entity_id": str(parcel_id), **payload}
    name = target or f"parcel-{parcel_id}"
    return OutboxLease(new_id(), kind, name, 1, given, "parcel", parcel_id, str(new_id()), "me", 1, now, now)


def signal(parcel_id: uuid.UUID, event: str, number: int = 1, **payload: Any) -> OutboxLease:
    return entry("signal", parcel_id, event=event, event_id=f"{event}:{number}", **payload)


def process(client: Client, parcel_id: uuid.UUID) -> WorkflowHandle[Any, ParcelResult]:
    return client.get_workflow_handle(f"parcel-{parcel_id}", result_type=ParcelResult)


async def status(client: Client, parcel_id: uuid.UUID) -> ParcelStatus:
    found = await process(client, parcel_id).query(STATUS_QUERY, result_type=ParcelStatus)
    assert isinstance(found, ParcelStatus)
    return found


async def recall(client: Client, target: TemporalTarget, parcel_id: uuid.UUID) -> ParcelResult:
    """Recall a parcel that is on its way, and return how it ended."""
    async with asyncio.timeout(20):
        # The test server loses a process that is stopped in the moment in which its activity ends.
        while (await status(client, parcel_id)).waiting_until is None:
            await asyncio.sleep(0.01)
        assert await target.deliver(signal(parcel_id, "recall")) is None
        return await process(client, parcel_id).result()


async def test_a_start_is_one_process_however_often_it_is_delivered(client: Client, target: TemporalTarget) -> None:
    parcel_id = new_id()
    await asyncio.gather(*(target.deliver(entry("start", parcel_id)) for _ in range(5)))
    handle = process(client, parcel_id)
    first = (await handle.describe()).run_id
    [started] = [
        event
        async for event in handle.fetch_history_events()
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED
    ]
    attributes = started.workflow_execution_started_event_attributes
    [given] = await client.data_converter.decode(attributes.input.payloads, [ParcelInput])
    assert given == ParcelInput(entity_type="parcel", entity_id=str(parcel_id), search_attributes=False, wanted=3)
    assert (attributes.workflow_type.name, attributes.task_queue.name) == ("ParcelProcess", TASK_QUEUE)

    assert await recall(client, target, parcel_id) == ParcelResult(status="returned", reason="recalled")
    assert await target.deliver(entry("start", parcel_id)) is None
    assert (await handle.describe()).run_id == first, "what has ended is not started again"


async def test_events_are_signals_and_a_copy_counts_once(client: Client, target: TemporalTarget) -> None:
    parcel_id = new_id()
    await target.deliver(entry("start", parcel_id))
    for number, place in ((1, "Hull"), (2, "York"), (1, "Hull")):
        assert await target.deliver(signal(parcel_id, "scan", number, place=place)) is None
    assert (await status(client, parcel_id)).places == ("Hull", "York")
    assert await target.deliver(signal(parcel_id, "scan", 3, place="Leeds", of_a_later_version=1)) is None
    assert await process(client, parcel_id).result() == ParcelResult(status="arrived", reason="seen")
    assert (await status(client, parcel_id)).places == ("Hull", "York", "Leeds")


async def test_a_signal_after_the_end_is_delivered_and_told(client: Client, target: TemporalTarget) -> None:
    parcel_id = new_id()
    await target.deliver(entry("start", parcel_id))
    await recall(client, target, parcel_id)
    assert await target.deliver(signal(parcel_id, "scan", place="Hull")) == "signal_after_end"
    assert await target.deliver(signal(new_id(), "recall")) == "signal_without_process"


# Not a new one each time: pytest names the cases by it, and its parallel processes must agree on names.
SOME_ID = uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            signal(SOME_ID, "scan", place={"of": "ann@example.com"}),
            "event 'scan' does not fit: place: Input should be",
        ),
        (signal(SOME_ID, "scan"), "the payload of event 'scan' does not fit: place: Field required"),
        (entry("signal", SOME_ID, event="recall"), "event_id: Field required"),
        (signal(SOME_ID, "rumour"), "kind 'signal' with event 'rumour' is nothing that a process knows"),
        (entry("signal", SOME_ID), "kind 'signal' with event 'None'"),
        (entry("signal", SOME_ID, event=["scan"]), "kind 'signal' with event"),
        (entry("telegram", SOME_ID, event="scan"), "kind 'telegram' with event 'scan'"),
        *(
            (
                entry(kind, SOME_ID, target=name, event="scan"),
                f"no process is called as the workflow id '{name}' begins",
            )
            for kind in ("start", "signal")
            for name in ("parcel", f"parcels-{SOME_ID}", f"parcel-of-{SOME_ID}", str(SOME_ID), f"parcel{SOME_ID}")
        ),
    ],
)
async def test_what_no_process_can_be_told_is_undeliverable(
    target: TemporalTarget, given: OutboxLease, words: str
) -> None:
    with pytest.raises(UndeliverableError) as caught:
        await target.deliver(given)
    assert words in str(caught.value)
    assert "ann@example.com" not in str(caught.value)


async def away(target: TemporalTarget, parcel_id: uuid.UUID) -> set[str]:
    """Return what is said of a start, a signal and a ping, each of which must say that Temporal is away."""
    words = set()
    for attempt in (
        target.deliver(entry("start", parcel_id)),
        target.deliver(signal(parcel_id, "recall")),
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
                await target.deliver(signal(new_id(), "recall"))


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
        async with environment, working(environment.client, script(), workflows=[ParcelProcess]):
            yield environment.client

    async def test_starts_signals_and_what_has_ended(self, server: Client) -> None:
        target, parcel_id = TemporalTarget(server, settings()), new_id()
        await target.ping()
        for _ in range(2):
            assert await target.deliver(entry("start", parcel_id)) is None
        for _ in range(2):
            assert await target.deliver(signal(parcel_id, "scan", place="Hull")) is None
        assert (await status(server, parcel_id)).places == ("Hull",)
        await recall(server, target, parcel_id)
        assert await target.deliver(signal(parcel_id, "recall")) == "signal_after_end"
        assert await target.deliver(entry("start", parcel_id)) is None
        assert await target.deliver(signal(new_id(), "recall")) == "signal_without_process"

    async def test_a_namespace_that_is_not_there_is_no_process_that_has_ended(self, server: Client) -> None:
        config = server.config()
        config["namespace"] = "elsewhere"
        words = await away(TemporalTarget(Client(**config), settings()), new_id())
        assert words == {"Temporal cannot be worked with"}

    async def test_what_the_server_refuses_for_good_is_undeliverable(self, server: Client) -> None:
        given = entry("start", new_id(), target=f"{'x' * 2000}-{new_id()}")
        processes()["x" * 2000] = processes()[PROCESS.name]
        try:
            with pytest.raises(UndeliverableError, match="Temporal refuses it: WorkflowId exceeds"):
                await TemporalTarget(server, settings()).deliver(given)
        finally:
            del processes()["x" * 2000]
