"""What replay does not catch: how long, how often, with what. Read from a history that is recorded now.

Of the activities that every process may use: their timeouts and retries in the history of a parcel's process.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from workflows.temporal.tests.parcels import PROCESS
from workflows.temporal.tests.plays import recorded
from workflows.temporal.tests.record import history_text, record
from workflows.temporal.validation.histories import Recorded, read_history, values

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

UNLIMITED = "315360000s"  # what the test server writes for no limit
# Start to close, heartbeat, schedule to close; seconds before the second try, longest pause (a hundred times that,
# unless told otherwise), tries (without end, where none).
WANTED = {
    "run_raw_workflow": ("300s", "20s", UNLIMITED, "1s", "60s", 5),
    "notify_slack": ("60s", "0s", "86400s", "2s", "600s", None),
    "record": ("60s", "0s", UNLIMITED, "1s", "60s", None),
    "sweep_outbox": ("240s", "60s", UNLIMITED, "1s", "100s", 3),
}


async def history(folder: Path, text: str) -> Recorded:
    path = folder / "history.json"
    path.write_text(text)
    return read_history(path)


def found(attributes: Mapping[str, Any]) -> tuple[Any, ...]:
    timeouts = (attributes.get(f"{name}Timeout") for name in ("startToClose", "heartbeat", "scheduleToClose"))
    policy = attributes["retryPolicy"]
    assert policy["backoffCoefficient"] == 2
    return (*timeouts, policy["initialInterval"], policy.get("maximumInterval"), policy.get("maximumAttempts"))


async def test_a_process(tmp_path: Path) -> None:
    play = recorded(PROCESS, raw={"sort": {"lane": 3}})
    parcel = await history(tmp_path, await history_text(play, "019b0000-0000-7000-8000-000000000000"))
    assert parcel.workflow_type == "ParcelProcess"
    assert parcel.ending == "lost"
    for event in parcel.scheduled:
        assert found(event.attributes) == WANTED[event.activity], event
    assert {event.activity for event in parcel.scheduled} == {"run_raw_workflow", "notify_slack", "record"}
    waits = [event for event in parcel.events if event.type == "TimerStarted"]
    assert [(wait.summary, wait.attributes["startToFireTimeout"]) for wait in waits] == [
        ("on_its_way", "259200s"),
        ("on_its_way", "345600s"),
    ]


async def test_the_sweep(tmp_path: Path) -> None:
    sweep = await history(tmp_path, await record("outbox-sweep"))
    assert [(one.activity, found(one.attributes)) for one in sweep.scheduled] == [
        ("sweep_outbox", WANTED["sweep_outbox"])
    ]
    assert values(sweep.events[-1].attributes["result"]) == [{"delivered": 1, "waiting": 0, "parked": 0}]
