"""What a call does, asked for by Twilio, with its own signature; and who may not ask."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET

import pytest

from api.routes.call_script import XML
from api.tests.conftest import settings_of
from api.tests.hiring import APPLICATION, applied
from api.tests.support import Client, Running, is_problem, running
from api.tests.test_health import AWAY
from db.repositories import entities
from tools import telephony

pytestmark = pytest.mark.anyio

FIELDS = {"CallSid": "CA0123456789abcdef0123456789abcdef", "CallStatus": "in-progress", "AnsweredBy": "human"}


async def path_of(client: Client) -> str:
    return f"/webhooks/call-script?candidate_id={await applied(client)}"


async def verbs(client: Client, path: str, **fields: str) -> list[ET.Element]:
    """Return what Twilio is told to do, in order."""
    answer = await client.twilio(path, {**FIELDS, **fields})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].partition(";")[0] == XML
    return list(ET.fromstring(answer.text))


async def test_a_person_is_greeted_and_recorded(client: Client) -> None:
    path = await path_of(client)
    say, record, *_ = await verbs(client, path)
    assert APPLICATION["position"] in str(say.text)
    assert APPLICATION["name"] not in str(say.text)
    assert record.tag == "Record"
    assert record.get("transcribe") == "true"
    assert str(record.get("transcribeCallback")).endswith(path.replace("call-script", "call-completed"))


async def test_after_the_recording_there_is_a_goodbye_and_no_other_recording(client: Client) -> None:
    told = await verbs(client, await path_of(client), RecordingUrl="https://api.twilio.com/x", RecordingDuration="9")
    assert [verb.tag for verb in told] == ["Say", "Hangup"]


@pytest.mark.parametrize("machine", ["machine_start", "machine_end_beep", "fax"])
async def test_a_machine_is_told_and_not_recorded(client: Client, machine: str) -> None:
    told = await verbs(client, await path_of(client), AnsweredBy=machine)
    assert [verb.tag for verb in told] == ["Say", "Hangup"]
    assert "try again" in str(told[0].text)


async def test_a_call_that_a_machine_took_counts_as_missed(client: Client) -> None:
    path = (await path_of(client)).replace("call-script", "call-completed")
    ended = {**FIELDS, "CallStatus": "completed", "AnsweredBy": "machine_start"}
    assert (await client.twilio(path, ended)).status_code == 202
    entry = (await client.get("/outbox")).json()["items"][0]
    assert (entry["payload"]["status"], entry["payload"]["call_sid"]) == ("no-answer", FIELDS["CallSid"])


async def test_who_withdrew_while_it_rang_is_told_that_it_is_over(api: Running) -> None:
    path = await path_of(api.client)
    async with api.context.database.session() as session:
        assert await entities.set_status(session, "candidate", uuid.UUID(path.partition("=")[2]), "withdrawn")
    told = await verbs(api.client, path)
    assert [verb.tag for verb in told] == ["Say", "Hangup"]
    assert "not needed" in str(told[0].text)


async def test_with_the_database_away_somebody_still_hears_a_sentence() -> None:
    async with running(settings_of(AWAY, database_timeout_seconds=2, environment="production")) as api:
        path = "/webhooks/call-script?candidate_id=0190163d-8694-739b-aea5-966c26f8ad91"
        told = await verbs(api.client, path)
    assert [verb.tag for verb in told] == ["Say", "Hangup"]
    assert "sorry" in str(told[0].text)


async def test_only_twilio_may_ask(client: Client) -> None:
    path = await path_of(client)
    is_problem(await client.http.post(path, data=FIELDS), 401)
    is_problem(await client.http.get(path), 405)
    is_problem(await client.http.post(path, json=FIELDS), 415)
    signed = await client.twilio(path, FIELDS)
    headers = {"x-twilio-signature": signed.request.headers["x-twilio-signature"]}
    is_problem(await client.http.post(path, data={**FIELDS, "AnsweredBy": "fax"}, headers=headers), 401)


async def test_a_candidate_must_be_named_and_known(client: Client) -> None:
    is_problem(await client.twilio("/webhooks/call-script", FIELDS), 422)
    is_problem(await client.twilio("/webhooks/call-script?candidate_id=ann", FIELDS), 422)
    unknown = "/webhooks/call-script?candidate_id=0190163d-8694-739b-aea5-966c26f8ad91"
    is_problem(await client.twilio(unknown, FIELDS), 404)


def test_any_text_is_said_and_none_is_markup() -> None:
    (say, hangup) = ET.fromstring(telephony.farewell("<Dial>+1</Dial> & \x00 co"))
    assert (say.tag, say.text, hangup.tag) == ("Say", "<Dial>+1</Dial> & co", "Hangup")
