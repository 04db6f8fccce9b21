"""What replay does not catch: how long, how often, with what. Read from histories that are recorded now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from workflows.temporal.hiring_contracts import Durations
from workflows.temporal.tests.hiring_histories import PLAYS
from workflows.temporal.tests.record import record
from workflows.temporal.validation.histories import Event, Recorded, read_history, values

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

UNLIMITED = "315360000s"  # what the test server writes for no limit
RAW = {"startToCloseTimeout": "300s", "heartbeatTimeout": "20s", "scheduleToCloseTimeout": UNLIMITED}
EFFECT = {"startToCloseTimeout": "60s", "heartbeatTimeout": "0s", "scheduleToCloseTimeout": "86400s"}
CALL = {"startToCloseTimeout": "60s", "heartbeatTimeout": "0s", "scheduleToCloseTimeout": UNLIMITED}
TIMEOUTS = {
    "run_raw_workflow": RAW,
    "send_mail": EFFECT,
    "notify_slack": EFFECT,
    "place_call": CALL,
    "cancel_call": CALL,
    "record": CALL,
}
# Seconds before the second try, longest pause (a hundred times that, unless told otherwise), tries (0: without end).
RETRIES: dict[str, tuple[float, float, int]] = {
    "run_raw_workflow": (1, 60, 5),
    "send_mail": (2, 600, 0),
    "notify_slack": (2, 600, 0),
    "place_call": (2, 200, 5),
    "cancel_call": (2, 200, 5),
    "record": (1, 60, 0),
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def histories(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Recorded]:
    """Play everything once."""
    folder = tmp_path_factory.mktemp("histories")
    return {name: await _recorded(folder, name) for name in PLAYS}


async def _recorded(folder: Path, name: str) -> Recorded:
    path = folder / f"{name}.json"
    path.write_text(await record(name))
    return read_history(path)


def seconds(text: str | None) -> float | None:
    return None if text is None else float(text.removesuffix("s"))


def arguments(history: Recorded, activity: str) -> list[dict[str, Any]]:
    return [values(event.attributes["input"])[0] for event in history.scheduled if event.activity == activity]


def timers(history: Recorded) -> list[tuple[str, timedelta]]:
    """Return the stage that each timer is for, and how long it is."""
    started = [event for event in history.events if event.type == "TimerStarted"]
    return [
        (event.summary, timedelta(seconds=seconds(event.attributes["startToFireTimeout"]) or 0)) for event in started
    ]


def every(histories: Mapping[str, Recorded]) -> Iterator[Event]:
    for history in histories.values():
        yield from history.scheduled


async def test_every_activity_is_played(histories: Mapping[str, Recorded]) -> None:
    assert {event.activity for event in every(histories)} == set(TIMEOUTS) == set(RETRIES)


async def test_timeouts(histories: Mapping[str, Recorded]) -> None:
    for event in every(histories):
        wanted = TIMEOUTS[event.activity]
        assert {name: event.attributes.get(name) for name in wanted} == wanted, event


async def test_retries(histories: Mapping[str, Recorded]) -> None:
    for event in every(histories):
        policy = event.attributes["retryPolicy"]
        found = (
            seconds(policy["initialInterval"]),
            seconds(policy.get("maximumInterval")),
            policy.get("maximumAttempts", 0),
        )
        first, longest, tries = RETRIES[event.activity]
        assert found == (first, longest, tries), event
        assert policy["backoffCoefficient"] == 2


async def test_timers_are_as_long_as_the_durations_say(histories: Mapping[str, Recorded]) -> None:
    durations = Durations()
    rest = durations.schedule_limit - durations.schedule_reminder
    to_the_call = [("awaiting_schedule", durations.schedule_reminder), ("awaiting_call_time", timedelta(hours=1))]
    assert timers(histories["hiring-expired-without-date"]) == [
        ("awaiting_schedule", durations.schedule_reminder),
        ("awaiting_schedule", rest),
    ]
    assert timers(histories["hiring-completed"]) == [
        *to_the_call,
        ("calling", durations.call_limit),
        ("awaiting_decision", durations.decision_escalation),
    ]
    assert timers(histories["hiring-expired-without-decision"])[-2:] == [
        ("awaiting_decision", durations.decision_escalation),
        ("awaiting_decision", durations.decision_limit - durations.decision_escalation),
    ]
    missed = [("calling", durations.call_limit), ("awaiting_retry", durations.call_retry)]
    assert timers(histories["hiring-no-show"]) == [*to_the_call, *missed, *missed, missed[0]]
    assert ("summarising", durations.transcript_limit) in timers(histories["hiring-completed-the-long-way"])


async def test_arguments(histories: Mapping[str, Recorded]) -> None:
    history = histories["hiring-completed"]
    process = history.workflow_id
    candidate_id = process.removeprefix("hiring-")
    analysis, summary = arguments(history, "run_raw_workflow")
    assert (analysis["workflow"], analysis["params"]) == ("analyze-cv", {"id": candidate_id})
    assert (analysis["keep"], analysis["timeout_seconds"]) == (["score", "qualified"], 60)
    assert (summary["workflow"], summary["params"]) == (
        "generate-call-summary",
        {"id": candidate_id, "call_sid": "CA1"},
    )
    whose = {"entity_type": "candidate", "entity_id": candidate_id}
    assert arguments(history, "place_call") == [{**whose, "key": f"{process}:call:1"}]
    assert [mail["template"] for mail in arguments(history, "send_mail")] == ["scheduling", "invitation"]
    last = arguments(history, "record")[-1]
    assert (last["event"], last["status"], last["detail"]) == ("completed", "completed", {"reason": "approved"})
    withdrawn = histories["hiring-withdrawn-during-call"]
    (cancelled,) = arguments(withdrawn, "cancel_call")
    whose["entity_id"] = withdrawn.workflow_id.removeprefix("hiring-")
    assert cancelled == {**whose, "call_sid": "CA1", "key": f"{withdrawn.workflow_id}:call:1"}


async def test_results(histories: Mapping[str, Recorded]) -> None:
    """Replay compares no results: each play ends as its name says."""
    results = {name: values(one.events[-1].attributes.get("result", {})) for name, one in histories.items()}
    assert results == {
        "hiring-completed": [{"status": "completed", "reason": "approved"}],
        "hiring-completed-the-long-way": [{"status": "completed", "reason": "approved"}],
        "hiring-rejected-by-cv": [{"status": "rejected", "reason": "not_qualified"}],
        "hiring-rejected-by-person": [{"status": "rejected", "reason": "decided"}],
        "hiring-expired-without-date": [{"status": "expired", "reason": "no_date"}],
        "hiring-expired-without-decision": [{"status": "expired", "reason": "no_decision"}],
        "hiring-no-show": [{"status": "no_show", "reason": "not_reached"}],
        "hiring-withdrawn-during-call": [{"status": "withdrawn", "reason": "withdrawn"}],
        "hiring-failed": [{"status": "failed", "reason": "run_raw_workflow"}],
        "hiring-cancelled": [],
    }
    assert histories["hiring-cancelled"].ending == "canceled"


async def test_no_history_says_where_or_when_it_was_recorded(histories: Mapping[str, Recorded]) -> None:
    for name in ("hiring-completed-the-long-way", "hiring-failed"):
        assert histories[name].text == await record(name), f"{name} is another one the second time"
    for history in histories.values():
        for line in history.text.splitlines()[1:-1]:
            event = json.loads(line.removesuffix(","))
            assert event["eventTime"].startswith("2030-")
            assert "stackTrace" not in line
