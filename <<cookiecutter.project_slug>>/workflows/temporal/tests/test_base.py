"""What every process does, seen in one that does little else, on the time-skipping server."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError
from temporalio.testing import WorkflowEnvironment

from workflows.temporal.contracts import RawRun, Record, SlackNotice
from workflows.temporal.tests.parcel_workflow import ParcelResult
from workflows.temporal.tests.parcels import PROCESS
from workflows.temporal.tests.rehearsal import Rehearsal, Script, refusal, rehearse

pytestmark = pytest.mark.anyio


def script(**given: Any) -> Script:
    return Script(**{"raw": {"sort": {"lane": 3, "note": "long"}}, **given})


async def test_it_goes_its_way_and_says_where_it_is(environment: WorkflowEnvironment) -> None:
    async with rehearse(environment, PROCESS, script()) as play:
        status = await play.stage("on_its_way")
        assert (status.lane, status.final, status.places) == (3, False, ())
        assert status.waiting_until - await play.now() > timedelta(days=2, hours=23)
        await play.signal("scan", place="Hull")
        assert await play.result() == ParcelResult(status="arrived", reason="seen")
        status = await play.status()
    assert (status.stage, status.final, status.places) == ("arrived", True, ("Hull",))
    assert play.script.events == ["sorting", "on_its_way", "arrived"]
    assert [record.status for record in play.script.requests(Record)] == ["in_progress", None, "arrived"]
    assert play.script.last.detail == {"reason": "seen"}
    (run,) = play.script.requests(RawRun)
    assert (run.workflow, run.params, run.keep) == ("sort", {"id": play.entity_id}, ["lane"])


async def test_it_waits_as_long_as_it_says(environment: WorkflowEnvironment) -> None:
    async with rehearse(environment, PROCESS, script()) as play:
        assert (await play.result()).status == "lost"
        took = await play.ended_at() - await play.began_at()
    assert timedelta(days=7) <= took < timedelta(days=7, minutes=1)
    assert play.script.notices == ["late"]


async def test_the_same_event_twice_is_one(environment: WorkflowEnvironment) -> None:
    async with rehearse(environment, PROCESS, script(), wanted=2) as play:
        for _ in range(3):
            await play.signal("scan", event_id="s:1", place="Hull")
        await play.stage("on_its_way")
        assert (await play.status()).places == ("Hull",)
        await play.signal("scan", event_id="s:2", place="York")
        assert (await play.result()).status == "arrived"


async def test_it_is_stopped_while_it_waits(environment: WorkflowEnvironment) -> None:
    async with rehearse(environment, PROCESS, script()) as play:
        await play.stage("on_its_way")
        await play.signal("recall")
        assert await play.result() == ParcelResult(status="returned", reason="recalled")
    assert play.script.notices == ["returned"]


async def test_it_is_stopped_while_a_raw_workflow_runs(environment: WorkflowEnvironment) -> None:
    """The run is told, and the process does not wait for it."""
    is_told = asyncio.Event()

    async def recall_and_run_on(play: Rehearsal) -> None:
        await play.signal("recall")
        try:
            while True:
                activity.heartbeat()
                await asyncio.sleep(0.05)
        finally:
            is_told.set()

    async with rehearse(environment, PROCESS, script(), on={"sort": recall_and_run_on}) as play:
        assert (await play.result()).status == "returned"
        await asyncio.wait_for(is_told.wait(), 30)
    assert play.script.events == ["sorting", "returned"]


async def test_it_is_stopped_while_an_effect_waits_for_its_next_try(environment: WorkflowEnvironment) -> None:
    """Slack is away for hours: the stop does not wait for it."""
    given = script()

    async def away() -> None:
        given.on["late"] = away
        raise RuntimeError("Slack is away")

    given.on["late"] = away
    async with rehearse(environment, PROCESS, given) as play:
        await play.sleep(days=3, hours=3)
        await play.signal("recall")
        begun = await play.now()
        assert (await play.result()).status == "returned"
        assert await play.ended_at() - begun < timedelta(minutes=1)


async def test_a_cancelled_workflow_cleans_up_and_is_cancelled(environment: WorkflowEnvironment) -> None:
    async with rehearse(environment, PROCESS, script()) as play:
        await play.stage("on_its_way")
        await play.handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await play.result()
    assert play.script.notices == ["returned"]
    assert (play.script.last.status, play.script.last.detail) == ("returned", {"reason": "cancelled"})


@pytest.mark.parametrize("raw", [{"sort": refusal()}, {"sort": {"note": "no lane"}}])
async def test_what_cannot_be_done_fails_it_and_is_told(environment: WorkflowEnvironment, raw: Any) -> None:
    async with rehearse(environment, PROCESS, script(raw=raw)) as play:
        assert await play.result() == ParcelResult(status="failed", reason="run_raw_workflow")
    (notice,) = play.script.requests(SlackNotice)
    assert (notice.kind, notice.text) == ("failed", "A parcel process failed: please look into it")
    assert play.script.last.status == "failed"


async def test_an_effect_that_is_refused_is_in_the_timeline(environment: WorkflowEnvironment) -> None:
    async with rehearse(environment, PROCESS, script(refused=frozenset({"late"}))) as play:
        await play.sleep(days=4)
        await play.signal("scan", place="Hull")
        assert (await play.result()).status == "arrived"
    assert play.script.events == ["sorting", "on_its_way", "slack_failed", "arrived"]


async def test_every_key_is_its_own_and_names_the_process(environment: WorkflowEnvironment) -> None:
    async with rehearse(environment, PROCESS, script()) as play:
        await play.result()
    keys = [argument.key for _, argument in play.script.asked if isinstance(argument, Record | SlackNotice)]
    assert len(set(keys)) == len(keys) == 4
    assert all(key.startswith(f"parcel-{play.entity_id}:") for key in keys)
