"""What a candidate's process is started with, and told, by the entries of the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from configuration.hiring import hiring_settings
from db import testing
from db.delivery import UndeliverableError
from db.repositories.outbox import OutboxLease
from db.types import new_id, utc_now
from settings import DEFAULT_DATABASE_URL
from workflows.temporal.hiring_contracts import HiringInput
from workflows.temporal.target import TemporalTarget
from workflows.temporal.tests.hiring_standin import StandIn
from workflows.temporal.tests.rehearsal import TASK_QUEUE, Script, working

pytestmark = pytest.mark.anyio

PERSON = new_id()


@pytest.fixture
def longer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings of the process, from the environment."""
    monkeypatch.setenv("HIRING_SCHEDULE_LIMIT", "P9D")
    monkeypatch.setenv("HIRING_CALL_RETRY", "PT3H")
    monkeypatch.setenv("HIRING_CALL_ATTEMPTS", "5")
    hiring_settings.cache_clear()
    yield
    hiring_settings.cache_clear()


def entry(kind: str, **payload: Any) -> OutboxLease:
    now = utc_now()
    given = {"entity_id": str(PERSON), **payload}
    target = f"hiring-{PERSON}"
    return OutboxLease(new_id(), kind, target, 1, given, "candidate", PERSON, str(new_id()), "me", 1, now, now)


def signal(event: str, **payload: Any) -> OutboxLease:
    return entry("signal", event=event, event_id=f"{event}:1", **payload)


@pytest.mark.usefixtures("longer")
async def test_a_start_has_the_settings_and_each_event_is_the_signal_that_the_process_knows(
    environment: WorkflowEnvironment,
) -> None:
    client = environment.client
    target = TemporalTarget(client, testing.settings_for(DEFAULT_DATABASE_URL, temporal_task_queue=TASK_QUEUE))
    handle = client.get_workflow_handle(f"hiring-{PERSON}")
    async with working(client, Script(), workflows=[StandIn]):
        assert await target.deliver(entry("start")) is None
        started = (await handle.fetch_history()).events[0].workflow_execution_started_event_attributes
        for event in (
            signal("calendar", type="scheduled", call_time="2030-05-06T14:30:00+02:00"),
            signal("calendar", type="cancelled"),
            signal("twilio", call_sid="CA1", status="no-answer", transcript=False),
            signal("call-completed", call_sid="CA2", status="completed", transcript=True),
            signal("decision", decision="approve", by="ann's key"),
            signal("withdrawal", by="cli"),
        ):
            assert await target.deliver(event) is None
        told = await handle.query("told", result_type=list[str])
    [given] = await client.data_converter.decode(started.input.payloads, [HiringInput])
    assert (given.entity_type, given.entity_id, given.call_attempts) == ("candidate", str(PERSON), 5)
    durations = given.durations
    assert (durations.schedule_limit, durations.call_retry) == (timedelta(days=9), timedelta(hours=3))
    assert told == [
        'CalendarEvent {"event_id":"calendar:1","type":"scheduled","call_time":"2030-05-06T14:30:00+02:00"}',
        'CalendarEvent {"event_id":"calendar:1","type":"cancelled","call_time":null}',
        'CallEvent {"event_id":"twilio:1","call_sid":"CA1","status":"no-answer","transcript":false}',
        'CallEvent {"event_id":"call-completed:1","call_sid":"CA2","status":"completed","transcript":true}',
        'Decision {"event_id":"decision:1","decision":"approve","by":"ann\'s key"}',
        'Withdrawal {"event_id":"withdrawal:1"}',
    ]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (signal("calendar", type="moved"), "the payload of event 'calendar' does not fit: type: Input should"),
        (signal("calendar", type="scheduled", call_time="ann@example.com"), "call_time: Input should be"),
        (signal("twilio", status="completed"), "call_sid: Field required"),
        (signal("decision", decision="maybe"), "decision: Input should be 'approve' or 'reject'"),
    ],
)
async def test_what_does_not_fit_is_undeliverable(
    environment: WorkflowEnvironment, given: OutboxLease, words: str
) -> None:
    with pytest.raises(UndeliverableError) as caught:
        await TemporalTarget(environment.client, testing.settings_for(DEFAULT_DATABASE_URL)).deliver(given)
    assert words in str(caught.value)
    assert "ann@example.com" not in str(caught.value)
