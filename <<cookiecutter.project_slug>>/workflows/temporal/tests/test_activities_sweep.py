"""The sweep of the outbox: what is overdue, in order, and who is told of what was given up on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from db.models import OutboxEntry
from db.repositories import outbox
from db.repositories.outbox import OutboxLease
from db.types import new_id, utc_now
from workflows.temporal.contracts import SweepInput, SweepResult
from workflows.temporal.tests.acting import Stage
from workflows.temporal.tests.fetched import history_of, signals
from workflows.temporal.tests.parcels import PRIVATE

pytestmark = pytest.mark.anyio

OLD = timedelta(minutes=10)
# Nothing listens there.
NOWHERE = "127.0.0.1:9"


async def add(stage: Stage, kind: str, target: str, ago: timedelta = OLD, **payload: Any) -> None:
    async with stage.database.session() as session:
        assert await outbox.add(
            session,
            kind=kind,
            target=target,
            payload=payload,
            entity_type=stage.kind,
            entity_id=stage.id,
            dedupe_key=str(new_id()),
            now=utc_now() - ago,
        )


async def entries(stage: Stage) -> list[OutboxEntry]:
    async with stage.database.session(read_only=True) as session:
        return (await outbox.list_page(session)).items[::-1]


async def sweep(stage: Stage, client: Client, **changes: Any) -> SweepResult:
    act = stage.activities(**changes).sweep.sweep_outbox
    return await stage.act(act, SweepInput(older_than=timedelta(minutes=5)), client=client)


async def test_what_is_overdue_is_delivered(stage: Stage, environment: WorkflowEnvironment) -> None:
    other = f"parcel-{new_id()}"
    await add(stage, "start", stage.workflow_id)
    await add(stage, "start", other, timedelta(minutes=4))
    assert await sweep(stage, environment.client) == SweepResult(delivered=1, waiting=1, parked=0)
    assert [(row.target, row.status) for row in await entries(stage)] == [
        (stage.workflow_id, "delivered"),
        (other, "pending"),
    ]
    assert (await environment.client.get_workflow_handle(stage.workflow_id).describe()).id == stage.workflow_id
    assert await stage.events() == ["delivered"]
    assert stage.beats >= 2
    assert stage.notices() == []


async def test_nothing_is_overdue(stage: Stage, environment: WorkflowEnvironment) -> None:
    assert await sweep(stage, environment.client) == SweepResult()


async def test_the_order_of_a_target_is_kept(stage: Stage, environment: WorkflowEnvironment) -> None:
    await add(stage, "start", stage.workflow_id)
    for number, place in enumerate(("Hull", "York")):
        await add(stage, "signal", stage.workflow_id, event="scan", event_id=f"s:{number}", place=place)
    assert await sweep(stage, environment.client) == SweepResult(delivered=3)
    arrived = signals(await history_of(environment.client, stage.workflow_id))
    assert [(name, argument["place"]) for name, argument in arrived] == [("scan", "Hull"), ("scan", "York")]


async def test_what_was_given_up_on_is_told_once_a_day(stage: Stage, environment: WorkflowEnvironment) -> None:
    for number in range(2):
        await add(stage, "signal", f"parcel-{new_id()}", event=f"nothing-{number}", note=" ".join(PRIVATE))
    await add(stage, "start", stage.workflow_id)
    for number in range(3):
        expected = SweepResult(delivered=0 if number else 1, parked=2)
        assert await sweep(stage, environment.client) == expected
    (text,) = stage.notices()
    assert text == "2 webhook deliveries were given up on: python -m db outbox parked shows why."
    assert not [word for row in await entries(stage) for word in PRIVATE if word in str(row.last_error)]


async def test_temporal_that_is_away(stage: Stage) -> None:
    client = await Client.connect(NOWHERE, lazy=True, data_converter=pydantic_data_converter)
    await add(stage, "start", stage.workflow_id)
    assert await sweep(stage, client, backoff_seconds=300) == SweepResult(waiting=1)
    (row,) = await entries(stage)
    assert (row.status, row.attempts) == ("pending", 1)
    assert row.last_error is not None
    assert "Temporal" in row.last_error
    # The next look is not before the pause is over.
    assert await sweep(stage, client) == SweepResult(waiting=1)
    assert [one.attempts for one in await entries(stage)] == [1]


async def test_what_another_process_is_at_is_left_to_it(stage: Stage, environment: WorkflowEnvironment) -> None:
    await add(stage, "start", stage.workflow_id)
    async with stage.database.session() as session:
        (lease,) = await outbox.lease_batch(session, "the dispatcher", 10, 60)
    assert isinstance(lease, OutboxLease)
    assert await sweep(stage, environment.client) == SweepResult(waiting=1)
