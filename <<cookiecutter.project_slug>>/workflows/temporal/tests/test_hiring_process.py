"""Every branch of the hiring process, on the time-skipping server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError
from temporalio.testing import WorkflowEnvironment

from workflows.temporal.contracts import RawRun, Record
from workflows.temporal.hiring_contracts import CancelCall, Durations, HiringResult, Mail
from workflows.temporal.tests.hiring_rehearsal import (
    ANALYSIS,
    NOT_QUALIFIED,
    SUMMARY,
    HiringRehearsal,
    HiringScript,
    rehearse,
)
from workflows.temporal.tests.rehearsal import refusal

pytestmark = pytest.mark.anyio


def ended(status: Any, reason: str) -> HiringResult:
    return HiringResult(status=status, reason=reason)


async def reach_decision(play: HiringRehearsal) -> None:
    await play.stage("awaiting_schedule")
    await play.scheduled(hours=1)
    await play.sleep(hours=1)
    await play.stage("calling")
    await play.call("CA1")
    await play.stage("awaiting_decision")


class TestEnds:
    async def test_completed(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await reach_decision(play)
            await play.decide("approve")
            assert await play.result() == ended("completed", "approved")
            status = await play.status()
        assert (status.final, status.score, status.decision, status.calls_made) == (True, 0.9, "approve", 1)
        script = play.script
        assert script.mails == ["scheduling", "invitation"]
        assert script.events == [
            "analysing",
            "awaiting_schedule",
            "awaiting_call_time",
            "calling",
            "summarising",
            "awaiting_decision",
            "completed",
        ]
        assert script.notices == []
        last = script.requests(Record)[-1]
        assert (last.status, last.detail) == ("completed", {"reason": "approved"})

    async def test_rejected_by_its_cv(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment, HiringScript(raw={ANALYSIS: NOT_QUALIFIED})) as play:
            assert await play.result() == ended("rejected", "not_qualified")
        assert play.script.mails == ["rejection"]

    async def test_rejected_by_a_person(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await reach_decision(play)
            await play.decide("reject")
            assert await play.result() == ended("rejected", "decided")
        assert play.script.mails[-1] == "rejection"

    async def test_expired_without_a_date(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            assert await play.result() == ended("expired", "no_date")
            took = await play.ended_at() - await play.began_at()
        assert play.script.mails == ["scheduling", "scheduling_reminder"]
        assert timedelta(days=7) <= took < timedelta(days=7, minutes=1)

    async def test_no_show_after_three_calls(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            begun = await play.scheduled(hours=1)
            for number, status in enumerate(("no-answer", "busy", "failed"), start=1):
                await play.sleep(hours=1 if number == 1 else 4)
                await play.until(lambda now, sid=f"CA{number}": now.call_sid == sid)  # type: ignore[misc]
                await play.call(f"CA{number}", status)
            assert await play.result() == ended("no_show", "not_reached")
            took = await play.ended_at() - begun
        assert timedelta(hours=8) <= took < timedelta(hours=8, minutes=1)
        assert play.script.calls == 3
        assert play.script.mails == ["scheduling", "invitation"]
        assert play.script.events.count("awaiting_retry") == 2

    async def test_no_show_when_no_call_ever_ends(self, environment: WorkflowEnvironment) -> None:
        """A provider that never calls back: each call is ended by us when its time is up."""
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            await play.scheduled(hours=1)
            assert await play.result() == ended("no_show", "not_reached")
        assert [call.call_sid for call in play.script.requests(CancelCall)] == ["CA1", "CA2", "CA3"]
        assert play.script.events.count("call_overdue") == 3

    async def test_no_show_when_no_call_can_be_placed(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment, HiringScript(refused=frozenset({"place_call"}))) as play:
            await play.stage("awaiting_schedule")
            await play.scheduled(hours=1)
            assert await play.result() == ended("no_show", "not_reached")
        assert play.script.events.count("call_failed") == 3

    async def test_expired_without_a_decision(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await reach_decision(play)
            begun = await play.now()
            assert await play.result() == ended("expired", "no_decision")
            took = await play.ended_at() - begun
        assert play.script.notices == ["decision_due", "decision_overdue"]
        assert timedelta(days=7) - timedelta(minutes=1) < took < timedelta(days=7, minutes=1)

    async def test_failed_analysis(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment, HiringScript(raw={ANALYSIS: refusal()})) as play:
            assert await play.result() == ended("failed", "run_raw_workflow")
        assert play.script.notices == ["failed"]
        assert play.script.requests(Record)[-1].status == "failed"


class TestWithdrawal:
    async def test_while_waiting_for_a_date(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            await play.withdraw()
            assert await play.result() == ended("withdrawn", "withdrawn")
        assert play.script.mails == ["scheduling", "withdrawal"]
        assert play.script.notices == ["withdrawn"]
        assert play.script.requests(CancelCall) == []

    async def test_during_a_call_which_is_cancelled(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            await play.scheduled(hours=1)
            await play.sleep(hours=1)
            await play.stage("calling")
            await play.withdraw()
            assert await play.result() == ended("withdrawn", "withdrawn")
        assert [call.call_sid for call in play.script.requests(CancelCall)] == ["CA1"]

    async def test_while_a_call_is_being_placed(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment, on={"place_call": HiringRehearsal.withdraw}) as play:
            await play.stage("awaiting_schedule")
            await play.scheduled(hours=1)
            assert await play.result() == ended("withdrawn", "withdrawn")
        assert [call.call_sid for call in play.script.requests(CancelCall)] == ["CA1"]

    async def test_while_a_mail_waits_for_its_next_try(self, environment: WorkflowEnvironment) -> None:
        """The mail server is away for hours: the withdrawal does not wait for it."""
        script = HiringScript()

        async def away() -> None:
            script.on["scheduling"] = away
            raise RuntimeError("mail server is away")

        script.on["scheduling"] = away
        async with rehearse(environment, script) as play:
            await play.sleep(hours=3)
            await play.withdraw()
            begun = await play.now()
            assert await play.result() == ended("withdrawn", "withdrawn")
            assert await play.ended_at() - begun < timedelta(minutes=1)

    async def test_during_the_analysis(self, environment: WorkflowEnvironment) -> None:
        """The run is told, and the process does not wait for it."""
        is_told = asyncio.Event()

        async def withdraw_and_run_on(play: HiringRehearsal) -> None:
            await play.withdraw()
            try:
                while True:
                    activity.heartbeat()
                    await asyncio.sleep(0.05)
            finally:
                is_told.set()

        async with rehearse(environment, on={"analyze-cv": withdraw_and_run_on}) as play:
            assert await play.result() == ended("withdrawn", "withdrawn")
            await asyncio.wait_for(is_told.wait(), 30)
        assert play.script.mails == ["withdrawal"]

    async def test_a_cancelled_workflow_cleans_up_and_is_cancelled(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            await play.handle.cancel()
            with pytest.raises(WorkflowFailureError):
                await play.result()
        last = play.script.requests(Record)[-1]
        assert (last.status, last.detail) == ("withdrawn", {"reason": "cancelled"})


class TestCalendar:
    async def test_rescheduled_twice(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            first = await play.scheduled(days=1)
            await play.stage("awaiting_call_time")
            await play.calendar("rescheduled", first + timedelta(days=2))
            await play.until(lambda status: status.waiting_until == first + timedelta(days=2))
            await play.sleep(days=2)
            await play.calendar("rescheduled", first + timedelta(days=1, hours=12))
            await play.until(lambda status: status.waiting_until == first + timedelta(days=1, hours=12))
            await play.sleep(hours=12)
            await play.stage("calling")
            assert await play.now() - first >= timedelta(days=1, hours=12)
            await play.call("CA1")
            await play.stage("awaiting_decision")
            await play.decide("approve")
            assert (await play.result()).status == "completed"
        invitations = [mail for mail in play.script.requests(Mail) if mail.template == "invitation"]
        assert [mail.sequence for mail in invitations] == [1, 2, 3]
        assert play.script.calls == 1

    async def test_cancelled_then_scheduled_again(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            await play.scheduled(days=1)
            await play.stage("awaiting_call_time")
            await play.calendar("cancelled")
            await play.stage("awaiting_schedule")
            await play.sleep(days=2)
            await play.scheduled(days=1)
            await play.sleep(days=1)
            await play.stage("calling")
            await play.withdraw()
            await play.result()
        assert play.script.mails == ["scheduling", "invitation", "cancellation", "invitation", "withdrawal"]
        assert play.script.calls == 1

    async def test_cancelled_and_never_again_is_expired(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            await play.scheduled(days=1)
            await play.stage("awaiting_call_time")
            await play.calendar("cancelled")
            assert await play.result() == ended("expired", "no_date")
        assert play.script.calls == 0

    async def test_a_time_in_the_past_is_called_at_once(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            begun = await play.now()
            await play.calendar("scheduled", begun - timedelta(hours=5))
            await play.stage("calling")
            assert await play.now() - begun < timedelta(minutes=1)
            await play.withdraw()
            await play.result()

    async def test_a_date_before_the_process_waits_for_it(self, environment: WorkflowEnvironment) -> None:
        """The signal arrives while the CV is still being analysed."""
        async with rehearse(environment, on={"analyze-cv": lambda play: play.scheduled(hours=2)}) as play:
            await play.stage("awaiting_call_time")
            await play.withdraw()
            await play.result()
        assert play.script.mails == ["scheduling", "invitation", "withdrawal"]

    async def test_the_same_event_twice_is_one(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            time = await play.now() + timedelta(days=1)
            for _ in range(2):
                await play.calendar("scheduled", time, event_id="calendar:1")
            await play.stage("awaiting_call_time")
            await play.calendar("scheduled", time, event_id="calendar:1")
            await play.withdraw()
            await play.result()
        assert play.script.mails.count("invitation") == 1

    async def test_the_hour_is_the_same_moment_over_a_change_of_clocks(self, environment: WorkflowEnvironment) -> None:
        """Clocks go back in Berlin on 26 October 2036, so 9:00 on that day is 25 hours after 9:00 the day before."""
        berlin = ZoneInfo("Europe/Berlin")
        before = datetime(2036, 10, 25, 9, tzinfo=berlin)
        call_time = datetime(2036, 10, 26, 9, tzinfo=berlin)
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            await play.calendar("scheduled", datetime.fromisoformat(call_time.isoformat()))
            status = await play.stage("awaiting_call_time")
            await play.withdraw()
            await play.result()
        assert status.call_time == datetime(2036, 10, 26, 8, tzinfo=UTC)
        assert status.call_time - before.astimezone(UTC) == timedelta(hours=25)

    async def test_rescheduled_during_the_pause_after_a_missed_call(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            await play.scheduled(hours=1)
            await play.sleep(hours=1)
            await play.stage("calling")
            await play.call("CA1", "no-answer")
            await play.stage("awaiting_retry")
            new = await play.now() + timedelta(days=2)
            await play.calendar("rescheduled", new)
            await play.until(lambda status: status.waiting_until == new)
            await play.sleep(days=2)
            await play.until(lambda status: status.call_sid == "CA2")
            await play.call("CA2")
            await play.stage("awaiting_decision")
            await play.decide("approve")
            assert (await play.result()).status == "completed"
        assert play.script.mails == ["scheduling", "invitation", "invitation"]


class TestCalls:
    async def test_an_end_that_comes_before_the_answer_to_placing_it(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment, on={"place_call": lambda play: play.call("CA1")}) as play:
            await play.stage("awaiting_schedule")
            await play.scheduled(hours=1)
            await play.sleep(hours=1)
            await play.stage("awaiting_decision")
            await play.decide("approve")
            assert (await play.result()).status == "completed"

    async def test_a_second_end_of_a_call_changes_nothing(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await reach_decision(play)
            await play.call("CA1", "no-answer")
            await play.call("CA9", "failed")
            await play.decide("approve")
            assert (await play.result()).status == "completed"
        assert play.script.calls == 1

    async def test_a_transcript_that_comes_later(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            await play.scheduled(hours=1)
            await play.sleep(hours=1)
            await play.stage("calling")
            await play.call("CA1", transcript=False)
            await play.stage("summarising")
            await play.sleep(minutes=10)
            await play.call("CA1", transcript=True)
            await play.stage("awaiting_decision")
            await play.decide("approve")
            await play.result()
        assert [run.workflow for run in play.script.requests(RawRun)] == ["analyze-cv", "generate-call-summary"]

    async def test_without_a_transcript_a_person_decides(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            await play.scheduled(hours=1)
            await play.sleep(hours=1)
            await play.stage("calling")
            await play.call("CA1", transcript=False)
            await play.sleep(minutes=30)
            await play.stage("awaiting_decision")
            await play.decide("approve")
            await play.result()
        assert "no_transcript" in play.script.events
        assert len(play.script.requests(RawRun)) == 1

    async def test_a_summary_that_fails_does_not_end_it(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment, HiringScript(raw={SUMMARY: refusal()})) as play:
            await reach_decision(play)
            await play.decide("approve")
            assert (await play.result()).status == "completed"
        assert "summary_failed" in play.script.events


class TestDecision:
    async def test_told_after_two_days_then_decided(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await reach_decision(play)
            await play.sleep(days=3)
            await play.decide("approve")
            assert (await play.result()).status == "completed"
        assert play.script.notices == ["decision_due"]

    async def test_an_early_one_counts_when_its_time_comes(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            await play.decide("approve")
            await play.scheduled(hours=1)
            await play.sleep(hours=1)
            await play.stage("calling")
            await play.call("CA1")
            assert await play.result() == ended("completed", "approved")
        assert play.script.notices == []


class TestTroubles:
    async def test_a_mail_that_is_refused_is_told_and_the_process_goes_on(
        self, environment: WorkflowEnvironment
    ) -> None:
        async with rehearse(environment, HiringScript(refused=frozenset({"scheduling"}))) as play:
            await reach_decision(play)
            await play.decide("approve")
            assert (await play.result()).status == "completed"
        assert play.script.notices == ["mail_failed"]
        assert "mail_failed" in play.script.events

    async def test_slack_that_refuses_is_in_the_timeline(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment, HiringScript(refused=frozenset({"decision_due"}))) as play:
            await reach_decision(play)
            await play.sleep(days=3)
            await play.decide("reject")
            assert (await play.result()).status == "rejected"
        assert "slack_failed" in play.script.events

    async def test_every_key_is_its_own(self, environment: WorkflowEnvironment) -> None:
        async with rehearse(environment) as play:
            await play.stage("awaiting_schedule")
            await play.scheduled(hours=1)
            assert (await play.result()).status == "no_show"
        keys = [(name, argument.key) for name, argument in play.script.asked if hasattr(argument, "key")]
        keys = [key for key in keys if key[0] != "cancel_call"]
        assert len(set(keys)) == len(keys)
        assert all(key.startswith(f"hiring-{play.entity_id}:") for _, key in keys)

    async def test_nothing_waits_where_a_duration_is_short(self, environment: WorkflowEnvironment) -> None:
        """A reminder that is not before the limit, or an escalation, is left out."""
        durations = Durations(schedule_reminder=timedelta(days=9), decision_escalation=timedelta(days=9))
        async with rehearse(environment, durations=durations) as play:
            assert (await play.result()).status == "expired"
        assert play.script.mails == ["scheduling"]
