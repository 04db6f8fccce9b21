"""Transitions: in the timeline once, and the status with them."""

from __future__ import annotations

import asyncio

import pytest

from workflows.temporal.contracts import Record
from workflows.temporal.tests.acting import Stage

pytestmark = pytest.mark.anyio


def transition(stage: Stage, event: str = "sorting", status: object = None, key: str | None = None) -> Record:
    return Record.model_validate(
        {
            **stage.whose,
            "event": event,
            "key": stage.key(key or event),
            "detail": {"lane": 1},
            "status": status,
        }
    )


async def test_an_event_and_its_status(stage: Stage) -> None:
    record = stage.activities().records.record
    await stage.act(record, transition(stage, status="in_progress"))
    assert await stage.timeline() == [("sorting", {"lane": 1})]
    assert (await stage.row()).status == "in_progress"
    await stage.act(record, transition(stage, "on_its_way"))
    assert await stage.events() == ["sorting", "on_its_way"]
    assert (await stage.row()).status == "in_progress"


async def test_once_however_often_it_is_tried(stage: Stage) -> None:
    record = stage.activities().records.record
    await stage.act(record, transition(stage, status="in_progress"))
    await stage.change(status="arrived")
    await asyncio.gather(*(stage.act(record, transition(stage, status="in_progress")) for _ in range(5)))
    assert await stage.events() == ["sorting"]
    assert (await stage.row()).status == "arrived"


async def test_the_same_event_under_another_key_is_another(stage: Stage) -> None:
    record = stage.activities().records.record
    for number in range(2):
        await stage.act(record, transition(stage, "on_its_way", key=f"on_its_way:{number}"))
    assert await stage.events() == ["on_its_way", "on_its_way"]


async def test_a_final_status_stays(stage: Stage) -> None:
    record = stage.activities().records.record
    await stage.act(record, transition(stage, "lost", status="lost"))
    await stage.act(record, transition(stage, "arrived", status="arrived"))
    assert (await stage.row()).status == "lost"
    assert await stage.events() == ["lost", "arrived"]


async def test_an_erased_entity(stage: Stage) -> None:
    await stage.erase()
    error = await stage.refusal(stage.activities().records.record, transition(stage))
    assert (error.type, error.non_retryable) == ("EntityGone", True)
    assert str(error) == f"EntityGone: There is no parcel {stage.entity_id}."
    assert await stage.events() == []
