"""Calls: billed, so placed once; ended by sid or by key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from db.repositories import calls
from tools.telephony.testing import FakeTwilio, Fault, fake_twilio
from workflows.temporal.activities.hiring_calls import HiringCalls
from workflows.temporal.hiring_contracts import CancelCall, PlaceCall
from workflows.temporal.tests.hiring_acting import PERSON, HiringStage, hiring_stage

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

URL = "https://api.example.com"


@pytest.fixture
async def stage(database_url: str, tmp_path: Path) -> AsyncIterator[HiringStage]:
    async with hiring_stage(database_url, tmp_path) as stage:
        yield stage


def request(stage: HiringStage, name: str = "call:1") -> PlaceCall:
    return PlaceCall(**stage.whose, key=stage.key(name))


def ending(stage: HiringStage, sid: str | None = None, name: str = "call:1") -> CancelCall:
    return CancelCall(**stage.whose, key=stage.key(name), call_sid=sid)


def theirs_of(other: str) -> PlaceCall:
    return PlaceCall(entity_type="candidate", entity_id=other, key=f"hiring-{other}:call:1")


def acts(stage: HiringStage, twilio: FakeTwilio | None = None, **changes: Any) -> HiringCalls:
    given = {} if twilio is None else twilio.settings()
    return stage.hiring(**{"public_url": URL, **given, **changes}).calls


def created(twilio: FakeTwilio) -> int:
    return sum(one.method == "POST" and one.path.endswith("/Calls.json") for one in twilio.requests)


class TestPlaceOnRecord:
    async def test_once(self, stage: HiringStage) -> None:
        place = acts(stage, public_url=None).place_call
        placed = [await stage.act(place, request(stage)) for _ in range(2)]
        (call,) = stage.calls()
        assert {one.call_sid for one in placed} == {call["sid"]}
        assert (call["to"], call["entity_id"], call["status_callback"]) == (
            PERSON["phone"].replace(" ", ""),
            stage.entity_id,
            None,
        )
        assert PERSON["position"] in call["twiml"]
        assert await stage.timeline() == [("call_placed", {"call_sid": call["sid"]})]
        assert await stage.sids() == [call["sid"]]

    async def test_another_key_is_another_call(self, stage: HiringStage) -> None:
        place = acts(stage).place_call
        sids = {(await stage.act(place, request(stage, f"call:{number}"))).call_sid for number in range(3)}
        assert {call["sid"] for call in stage.calls()} == sids == set(await stage.sids())

    async def test_an_interrupted_creation_is_found_again(self, stage: HiringStage) -> None:
        place = acts(stage).place_call
        placed = await stage.act(place, request(stage))
        await stage.erase_effects()
        await stage.erase_timeline()
        await stage.erase_calls()
        await stage.claim(stage.key("call:1"), "call")
        assert await stage.act(place, request(stage)) == placed
        assert await stage.timeline() == [("call_placed", {"found_again": True, "call_sid": placed.call_sid})]
        assert await stage.sids() == [placed.call_sid]


class TestPlaceByTwilio:
    async def test_what_twilio_is_asked_for(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            placed = await stage.act(acts(stage, twilio, public_url=f"{URL}/").place_call, request(stage))
            (call,) = twilio.calls.values()
        assert (placed.call_sid, call.to) == (call.sid, PERSON["phone"].replace(" ", ""))
        assert call.status_callback == f"{URL}/webhooks/call-completed?candidate_id={stage.entity_id}"
        # Where the API is, it says what the call does when somebody answers; else that is said now.
        if find_spec("api"):
            assert call.url == f"{URL}/webhooks/call-script?candidate_id={stage.entity_id}"
        else:
            assert PERSON["position"] in call.twiml
        assert "completed" in call.events

    async def test_once(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            place = acts(stage, twilio).place_call
            placed = [await stage.act(place, request(stage)) for _ in range(3)]
            assert created(twilio) == 1
        assert len({one.call_sid for one in placed}) == 1

    @pytest.mark.parametrize(
        "fault", [Fault(reset=True, done=True, method="POST"), Fault(status=500, done=True, method="POST")]
    )
    async def test_a_creation_whose_answer_was_lost_is_found_again(self, stage: HiringStage, fault: Fault) -> None:
        async with fake_twilio() as twilio:
            twilio.fail(fault)
            place = acts(stage, twilio).place_call
            error = await stage.refusal(place, request(stage))
            assert (error.type, error.non_retryable) == ("TelephonyError", False)
            assert await stage.effect(stage.key("call:1")) == "unknown"
            placed = await stage.act(place, request(stage))
            assert list(twilio.calls) == [placed.call_sid]
            assert created(twilio) == 1
        assert await stage.timeline() == [("call_placed", {"found_again": True, "call_sid": placed.call_sid})]
        assert await stage.sids() == [placed.call_sid]

    async def test_a_callback_that_came_before_it_was_found(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            twilio.fail(Fault(reset=True, done=True, method="POST"))
            place = acts(stage, twilio).place_call
            await stage.refusal(place, request(stage))
            (sid,) = twilio.calls
            async with stage.database.session() as session:
                await calls.record(session, candidate_id=stage.id, call_sid=sid, status="ringing")
            assert (await stage.act(place, request(stage))).call_sid == sid
            assert created(twilio) == 1

    async def test_the_call_of_the_same_person_under_another_application_is_not_taken_for_it(
        self, stage: HiringStage
    ) -> None:
        async with fake_twilio() as twilio:
            place = acts(stage, twilio).place_call
            await stage.claim(stage.key("call:1"), "call")
            other = await stage.another()
            theirs = await stage.act(place, theirs_of(other))
            ours = await stage.act(place, request(stage))
            assert list(twilio.calls) == [theirs.call_sid, ours.call_sid]

    async def test_a_creation_that_did_not_happen_is_done_again(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            twilio.fail(Fault(status=500, method="POST"))
            place = acts(stage, twilio).place_call
            await stage.refusal(place, request(stage))
            placed = await stage.act(place, request(stage))
            assert list(twilio.calls) == [placed.call_sid]
        assert await stage.timeline() == [("call_placed", {"call_sid": placed.call_sid})]

    async def test_an_earlier_call_is_not_taken_for_it(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            place = acts(stage, twilio).place_call
            first = await stage.act(place, request(stage, "call:1"))
            twilio.fail(Fault(status=503, method="POST"))
            await stage.refusal(place, request(stage, "call:2"))
            second = await stage.act(place, request(stage, "call:2"))
            assert list(twilio.calls) == [first.call_sid, second.call_sid]

    async def test_after_a_lost_worker_it_is_looked_for_first(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            await stage.claim(stage.key("call:1"), "call")
            placed = await stage.act(acts(stage, twilio).place_call, request(stage))
            assert [one.method for one in twilio.requests] == ["GET", "POST"]
            assert list(twilio.calls) == [placed.call_sid]

    async def test_twilio_that_cannot_be_asked_keeps_the_claim(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            await stage.claim(stage.key("call:1"), "call")
            twilio.fail(Fault(status=503, method="GET"))
            place = acts(stage, twilio).place_call
            assert not (await stage.refusal(place, request(stage))).non_retryable
            assert await stage.effect(stage.key("call:1")) == "unknown"
            await stage.act(place, request(stage))
            assert created(twilio) == 1

    async def test_two_with_the_same_key_at_once_place_one(self, stage: HiringStage) -> None:
        """An attempt that Temporal takes for lost may go on; slow answers make both wait at the same time."""
        async with fake_twilio() as twilio:
            twilio.fail(Fault(delay_seconds=0.5), times=4)
            place = acts(stage, twilio).place_call
            done = await asyncio.gather(*(stage.act(place, request(stage)) for _ in range(4)), return_exceptions=True)
            assert len(twilio.calls) == created(twilio) == 1
        assert sorted(str(getattr(one, "type", "placed")) for one in done) == ["EffectUnderway"] * 3 + ["placed"]
        assert await stage.events() == ["call_placed"]

    async def test_two_that_take_over_at_once_place_one(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            await stage.claim(stage.key("call:1"), "call")
            twilio.fail(Fault(delay_seconds=0.3), times=4)
            place = acts(stage, twilio).place_call
            done = await asyncio.gather(*(stage.act(place, request(stage)) for _ in range(4)), return_exceptions=True)
            assert len(twilio.calls) == 1
        assert sorted(str(getattr(one, "type", "placed")) for one in done) == ["EffectUnderway"] * 3 + ["placed"]

    async def test_young_claims_wait(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            await stage.claim(stage.key("call:1"), "call", timedelta(seconds=1))
            error = await stage.refusal(acts(stage, twilio).place_call, request(stage))
            assert twilio.requests == []
        assert error.next_retry_delay is not None
        assert error.next_retry_delay > timedelta(seconds=20)


class TestPlaceRefused:
    async def test_without_a_public_url(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            error = await stage.refusal(acts(stage, twilio, public_url=None).place_call, request(stage))
            assert twilio.requests == []
        assert (error.type, error.non_retryable) == ("Settings", True)
        assert "PUBLIC_URL is not set" in str(error)
        assert await stage.effect(stage.key("call:1")) is None

    @pytest.mark.parametrize("phone", ["9018220", "ask Quillfeather", "", "+49 30 9018220 9018220 9018220"])
    async def test_a_number_that_is_none(self, stage: HiringStage, phone: str) -> None:
        await stage.change(phone=phone)
        async with fake_twilio() as twilio:
            error = await stage.refusal(acts(stage, twilio).place_call, request(stage))
            assert twilio.requests == []
        assert error.non_retryable
        assert "no telephone number that can be called" in str(error)
        assert await stage.effect(stage.key("call:1")) is None

    @pytest.mark.parametrize(
        ("fault", "retryable", "words"),
        [
            (Fault(status=429, method="POST"), True, "asked too often"),
            (Fault(status=400, code=21211, message="+49309018220 is not valid", method="POST"), False, "not valid"),
            (Fault(status=400, code=21215, message="Not to +49309018220", method="POST"), False, "not permitted"),
            (Fault(status=401, code=20003, message="Quillfeather", method="POST"), False, "TWILIO_AUTH_TOKEN"),
        ],
    )
    async def test_a_certain_refusal_takes_the_claim_back(
        self, stage: HiringStage, fault: Fault, retryable: bool, words: str
    ) -> None:
        async with fake_twilio() as twilio:
            twilio.fail(fault)
            place = acts(stage, twilio).place_call
            error = await stage.refusal(place, request(stage))
            assert (error.type, error.non_retryable) == ("TelephonyError", not retryable)
            assert words in str(error)
            assert await stage.effect(stage.key("call:1")) is None
            await stage.act(place, request(stage))
            assert [one.method for one in twilio.requests] == ["POST", "POST"]

    async def test_twilio_that_is_away(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            place = acts(stage, twilio).place_call
        error = await stage.refusal(place, request(stage))
        assert not error.non_retryable
        assert "cannot be reached" in str(error)
        assert await stage.effect(stage.key("call:1")) is None

    async def test_an_erased_candidate(self, stage: HiringStage) -> None:
        await stage.erase()
        async with fake_twilio() as twilio:
            error = await stage.refusal(acts(stage, twilio).place_call, request(stage))
            assert twilio.requests == []
        assert (error.type, error.non_retryable) == ("EntityGone", True)


class TestCancel:
    async def test_by_sid(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            phone = acts(stage, twilio)
            placed = await stage.act(phone.place_call, request(stage))
            for _ in range(2):
                await stage.act(phone.cancel_call, ending(stage, placed.call_sid))
                assert twilio.calls[placed.call_sid].status == "canceled"

    async def test_by_the_key_of_a_call_that_was_placed(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            phone = acts(stage, twilio)
            placed = await stage.act(phone.place_call, request(stage))
            await stage.act(phone.cancel_call, ending(stage))
            assert twilio.calls[placed.call_sid].status == "canceled"

    async def test_by_the_key_of_a_call_whose_creation_was_interrupted(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            twilio.fail(Fault(reset=True, done=True, method="POST"))
            phone = acts(stage, twilio)
            await stage.refusal(phone.place_call, request(stage))
            await stage.act(phone.cancel_call, ending(stage))
            assert [call.status for call in twilio.calls.values()] == ["canceled"]

    async def test_by_the_key_of_a_call_that_was_begun_and_not_placed(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            await stage.claim(stage.key("call:1"), "call", timedelta(0))
            await stage.act(acts(stage, twilio).cancel_call, ending(stage))
            assert [one.method for one in twilio.requests] == ["GET"]

    async def test_by_the_key_of_a_call_that_was_never_begun(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            await stage.act(acts(stage, twilio).cancel_call, ending(stage))
            assert twilio.requests == []

    async def test_the_call_of_another_key_goes_on(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            phone = acts(stage, twilio)
            placed = await stage.act(phone.place_call, request(stage, "call:1"))
            await stage.act(phone.cancel_call, ending(stage, name="call:2"))
            assert twilio.calls[placed.call_sid].status == "queued"

    async def test_a_call_that_goes_on_is_hung_up(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            phone = acts(stage, twilio)
            placed = await stage.act(phone.place_call, request(stage))
            twilio.calls[placed.call_sid].status = "in-progress"
            await stage.act(phone.cancel_call, ending(stage, placed.call_sid))
            assert twilio.calls[placed.call_sid].status == "completed"

    async def test_a_call_that_has_ended_is_left_alone(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            phone = acts(stage, twilio)
            placed = await stage.act(phone.place_call, request(stage))
            twilio.calls[placed.call_sid].status = "no-answer"
            await stage.act(phone.cancel_call, ending(stage, placed.call_sid))
            assert twilio.calls[placed.call_sid].status == "no-answer"

    async def test_a_call_that_twilio_does_not_know(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            error = await stage.refusal(acts(stage, twilio).cancel_call, ending(stage, f"CA{'0' * 32}"))
        assert (error.type, error.non_retryable) == ("TelephonyError", True)
        assert "no such call" in str(error)

    @pytest.mark.parametrize("status", [429, 503])
    async def test_twilio_that_is_busy_or_broken(self, stage: HiringStage, status: int) -> None:
        async with fake_twilio() as twilio:
            phone = acts(stage, twilio)
            placed = await stage.act(phone.place_call, request(stage))
            twilio.fail(Fault(status=status))
            error = await stage.refusal(phone.cancel_call, ending(stage, placed.call_sid))
            assert not error.non_retryable
            await stage.act(phone.cancel_call, ending(stage, placed.call_sid))
            assert twilio.calls[placed.call_sid].status == "canceled"

    async def test_on_record(self, stage: HiringStage) -> None:
        phone = acts(stage)
        await stage.act(phone.place_call, request(stage))
        await stage.act(phone.cancel_call, ending(stage))
        assert [call["status"] for call in stage.calls()] == ["canceled"]

    async def test_only_by_key_needs_the_candidate(self, stage: HiringStage) -> None:
        async with fake_twilio() as twilio:
            phone = acts(stage, twilio)
            placed = await stage.act(phone.place_call, request(stage))
            await stage.erase()
            await stage.act(phone.cancel_call, ending(stage, placed.call_sid))
            assert twilio.calls[placed.call_sid].status == "canceled"

    async def test_the_calls_of_others_with_the_same_number_go_on(self, stage: HiringStage) -> None:
        """Two candidates of one household: a call that is known to be one's is not the other's."""
        async with fake_twilio() as twilio:
            phone = acts(stage, twilio)
            other = await stage.another(email="other@example.org")
            theirs = await stage.act(phone.place_call, theirs_of(other))
            await stage.claim(stage.key("call:1"), "call", timedelta(0))
            await stage.act(phone.cancel_call, ending(stage))
            assert twilio.calls[theirs.call_sid].status == "queued"
