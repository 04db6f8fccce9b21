"""Transitions: in the timeline once, and the status with them."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from workflows.temporal.contracts import Record
from workflows.temporal.tests.acting import Stage

pytestmark = pytest.mark.anyio


def transition(stage: Stage, event: str = "analysing", status: object = None, key: str | None = None) -> Record:
    return Record.model_validate(
        {
            "candidate_id": stage.candidate_id,
            "event": event,
            "key": stage.key(key or event),
            "detail": {"call": 1},
            "status": status,
        }
    )


async def test_an_event_and_its_status(stage: Stage) -> None:
    record = stage.activities().records.record
    await stage.act(record, transition(stage, status="in_progress"))
    assert await stage.timeline() == [("analysing", {"call": 1})]
    assert (await stage.row()).status == "in_progress"
    await stage.act(record, transition(stage, "calling"))
    assert await stage.events() == ["analysing", "calling"]
    assert (await stage.row()).status == "in_progress"


async def test_once_however_often_it_is_tried(stage: Stage) -> None:
    record = stage.activities().records.record
    await stage.act(record, transition(stage, status="in_progress"))
    await stage.change(status="completed")
    await asyncio.gather(*(stage.act(record, transition(stage, status="in_progress")) for _ in range(5)))
    assert await stage.events() == ["analysing"]
    assert (await stage.row()).status == "completed"


async def test_the_same_event_under_another_key_is_another(stage: Stage) -> None:
    record = stage.activities().records.record
    for number in range(2):
        await stage.act(record, transition(stage, "calling", key=f"calling:{number}"))
    assert await stage.events() == ["calling", "calling"]


async def test_a_final_status_stays(stage: Stage) -> None:
    record = stage.activities().records.record
    await stage.act(record, transition(stage, "rejected", status="rejected"))
    await stage.act(record, transition(stage, "completed", status="completed"))
    assert (await stage.row()).status == "rejected"
    assert await stage.events() == ["rejected", "completed"]


async def test_an_erased_candidate(stage: Stage) -> None:
    await stage.erase()
    error = await stage.refusal(stage.activities().records.record, transition(stage))
    assert (error.type, error.non_retryable) == ("CandidateGone", True)
    assert str(error) == f"CandidateGone: There is no candidate {stage.candidate_id}."
    assert await stage.events() == []
    assert uuid.UUID(stage.candidate_id)
