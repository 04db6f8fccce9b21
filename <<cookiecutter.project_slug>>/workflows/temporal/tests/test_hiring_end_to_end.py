"""From the outbox to the end: the real process, activities, pool and database, on the time-skipping server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from db.delivery import deliver_due, make_owner
from db.repositories import calls, outbox
from db.types import new_id
from raw_runtime.executors import PoolExecutor
from raw_runtime.project import Project
from settings import ROOT
from workflows.temporal.contracts import STATUS_QUERY
from workflows.temporal.hiring_contracts import HiringResult, HiringStatus
from workflows.temporal.registry import workflow_types
from workflows.temporal.target import TemporalTarget
from workflows.temporal.tests.hiring_acting import PERSON, RECRUITER, HiringStage, hiring_stage
from workflows.temporal.tests.parcels import PRIVATE
from workflows.temporal.worker import make_worker

pytestmark = pytest.mark.anyio

WORKFLOWS = ROOT / ".raw" / "workflows"
CV = PERSON["name"] + "\n" + (WORKFLOWS / "analyze-cv/mocks/senior.txt").read_text()
TRANSCRIPT = (WORKFLOWS / "generate-call-summary/mocks/screening.txt").read_text()


@pytest.fixture
async def stage(database_url: str, tmp_path: Path) -> AsyncIterator[HiringStage]:
    async with hiring_stage(database_url, tmp_path) as stage:
        yield stage


@dataclass
class Play:
    """A candidate's process; everything it is told goes through the outbox."""

    environment: WorkflowEnvironment
    stage: HiringStage
    target: TemporalTarget

    async def tell(self, kind: str, **payload: Any) -> None:
        """Put an entry into the outbox, and deliver it."""
        async with self.stage.database.session() as session:
            await outbox.add(
                session,
                kind=kind,
                target=self.stage.workflow_id,
                payload={"event_id": str(new_id()), **payload},
                entity_type="candidate",
                entity_id=self.stage.id,
                dedupe_key=str(new_id()),
            )
        done = await deliver_due(self.stage.database, self.target, self.stage.settings, make_owner())
        assert [one.outcome for one in done] == ["delivered"], done

    async def until(self, is_met: Callable[[HiringStatus], bool]) -> HiringStatus:
        """Ask the process until its status is as expected; no time passes on the server meanwhile."""
        handle = self.environment.client.get_workflow_handle(self.stage.workflow_id)
        async with asyncio.timeout(120):
            while True:
                status: HiringStatus = await handle.query(STATUS_QUERY, result_type=HiringStatus)
                assert status.stage != "failed"
                if is_met(status):
                    return status
                await asyncio.sleep(0.02)

    async def waits_in(self, name: str) -> HiringStatus:
        """Wait until it waits in a stage."""
        return await self.until(lambda status: status.stage == name and status.waiting_until is not None)

    async def scheduled(self) -> datetime:
        """Name an hour for the call, and return it."""
        at = await self.environment.get_current_time() + timedelta(hours=30)
        await self.tell("signal", event="calendar", type="scheduled", call_time=at.isoformat())
        await self.waits_in("awaiting_call_time")
        return at

    async def result(self) -> HiringResult:
        """Wait for its end."""
        handle = self.environment.client.get_workflow_handle(self.stage.workflow_id, result_type=HiringResult)
        result: HiringResult = await asyncio.wait_for(handle.result(), 120)
        return result

    async def history(self) -> str:
        """Return all that Temporal has stored of it, values in plain letters."""
        handle = self.environment.client.get_workflow_handle(self.stage.workflow_id)
        text = "".join(str(event) for event in (await handle.fetch_history()).events)
        assert self.stage.entity_id in text
        assert "awaiting_schedule" in text
        return text

    async def told(self) -> list[str]:
        """Return the candidate's events in order, without those of deliveries: they are not in step with the rest."""
        return [event for event in await self.stage.events() if event != "delivered"]

    async def outcome(self) -> tuple[str, Mapping[str, Any]]:
        """Return the candidate's status and results."""
        row = await self.stage.row()
        return row.status, row.result or {}


@pytest.fixture
async def play(
    stage: HiringStage, environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Play]:
    """A process on its way, and the worker."""
    monkeypatch.setenv("DATABASE_URL", stage.settings.database_url)
    async with PoolExecutor(Project(ROOT), size=1) as pool:
        worker = make_worker(
            environment.client,
            stage.settings,
            workflows=workflow_types(),
            activities=[*stage.activities(pool).all(), *stage.hiring(pool).all()],
        )
        async with worker:
            yield Play(environment, stage, TemporalTarget(environment.client, stage.settings))


async def test_completed(play: Play) -> None:
    await play.stage.change(cv_text=CV)
    await play.tell("start")
    status = await play.waits_in("awaiting_schedule")
    assert status.score is not None
    assert status.score >= 0.6
    assert (await play.outcome())[0] == "in_progress"
    await play.scheduled()
    await play.environment.sleep(timedelta(hours=30))
    status = await play.until(lambda now: now.call_sid is not None and now.waiting_until is not None)
    (call,) = play.stage.calls()
    assert call["sid"] == status.call_sid
    async with play.stage.database.session() as session:
        await calls.record(
            session, candidate_id=play.stage.id, call_sid=call["sid"], status="completed", transcript=TRANSCRIPT
        )
    await play.tell("signal", event="call-completed", call_sid=call["sid"], status="completed", transcript=True)
    await play.waits_in("awaiting_decision")
    await play.tell("signal", event="decision", decision="approve", by="anna")
    assert await play.result() == HiringResult(status="completed", reason="approved")

    outcome, results = await play.outcome()
    assert (outcome, set(results)) == ("completed", {"analyze-cv", "generate-call-summary"})
    assert results["analyze-cv"]["score"] == status.score
    assert results["generate-call-summary"]["call_sid"] == call["sid"]
    assert await play.told() == [
        "analysing",
        "raw_complete",
        "mail_sent",
        "awaiting_schedule",
        "awaiting_call_time",
        "mail_sent",
        "calling",
        "call_placed",
        "summarising",
        "raw_complete",
        "awaiting_decision",
        "completed",
    ]
    mails = play.stage.mails()
    assert {message["To"] for message in mails} == {PERSON["email"]}
    assert len(mails) == 2
    assert sum("text/calendar" in [part.get_content_type() for part in mail.walk()] for mail in mails) == 1
    history = await play.history()
    assert not [word for word in (*PRIVATE, "Adaeze", "Tomasz") if word in history]


@pytest.mark.slow
async def test_rejected_by_its_cv(play: Play) -> None:
    await play.stage.change(cv_text="Quillfeather. Xylographer in Snoring-on-Sea; no computers.")
    await play.tell("start")
    assert await play.result() == HiringResult(status="rejected", reason="not_qualified")
    outcome, results = await play.outcome()
    assert outcome == "rejected"
    assert results["analyze-cv"]["qualified"] is False
    assert await play.told() == ["analysing", "raw_complete", "mail_sent", "rejected"]
    assert [message["To"] for message in play.stage.mails()] == [PERSON["email"]]
    assert play.stage.calls() == []


@pytest.mark.slow
async def test_withdrawn_before_the_call(play: Play) -> None:
    await play.stage.change(cv_text=CV)
    await play.tell("start")
    await play.waits_in("awaiting_schedule")
    await play.scheduled()
    await play.tell("signal", event="withdrawal")
    assert await play.result() == HiringResult(status="withdrawn", reason="withdrawn")
    assert (await play.outcome())[0] == "withdrawn"
    assert (await play.told())[-3:] == ["mail_sent", "slack_sent", "withdrawn"]
    assert sorted(message["To"] for message in play.stage.mails()) == sorted([PERSON["email"]] * 2 + [RECRUITER])
    assert len(play.stage.notices()) == 1
    assert play.stage.calls() == []


@pytest.mark.slow
async def test_withdrawn_during_the_call(play: Play) -> None:
    await play.stage.change(cv_text=CV)
    await play.tell("start")
    await play.waits_in("awaiting_schedule")
    await play.scheduled()
    await play.environment.sleep(timedelta(hours=30))
    await play.until(lambda now: now.call_sid is not None and now.waiting_until is not None)
    await play.tell("signal", event="withdrawal")
    assert await play.result() == HiringResult(status="withdrawn", reason="withdrawn")
    assert [call["status"] for call in play.stage.calls()] == ["canceled"]


@pytest.mark.slow
async def test_erased_on_the_way(play: Play) -> None:
    """A process without a candidate ends: nothing goes on for ever about somebody who is not there any more."""
    await play.stage.change(cv_text=CV)
    await play.tell("start")
    await play.waits_in("awaiting_schedule")
    handle = play.environment.client.get_workflow_handle(play.stage.workflow_id)
    await play.stage.erase()
    at = await play.environment.get_current_time() + timedelta(hours=30)
    await play.environment.client.get_workflow_handle(play.stage.workflow_id).signal(
        "calendar", {"event_id": "c", "type": "scheduled", "call_time": at.isoformat()}
    )
    with pytest.raises(Exception, match="Workflow execution failed"):
        await asyncio.wait_for(handle.result(), 120)
    assert "EntityGone" in await play.history()
