from __future__ import annotations

import pytest
from sqlalchemy import select

from api.settings import ApiSettings
from api.tests.conftest import settings_of
from api.tests.hiring import APPLICATION, applied
from api.tests.support import BASE, Client, Running, is_problem, running
from db.entities.candidate import Call

pytestmark = pytest.mark.anyio

SID = "CA0123456789abcdef0123456789abcdef"
CALL = {"CallSid": SID, "CallStatus": "completed", "CallDuration": "61", "From": "+1 ü"}


async def path_of(client: Client) -> str:
    return f"/webhooks/call-completed?candidate_id={await applied(client)}"


async def test_a_form_that_twilio_signed_is_taken(client: Client) -> None:
    path = await path_of(client)
    answer = await client.twilio(path, CALL)
    assert answer.status_code == 202, answer.text
    entry = (await client.get("/outbox")).json()["items"][0]
    assert (entry["payload"]["status"], entry["payload"]["call_sid"]) == ("completed", CALL["CallSid"])


async def test_twilio_again_gets_the_same_answer(client: Client) -> None:
    path = await path_of(client)
    first = await client.twilio(path, CALL)
    again = await client.twilio(path, {**CALL, "Timestamp": "later"})
    assert again.content == first.content
    assert len((await client.get("/outbox")).json()["items"]) == 2


async def test_a_status_on_the_way_is_kept_and_not_signalled(api: Running) -> None:
    path = await path_of(api.client)
    for status in ("ringing", "completed", "in-progress"):
        assert (await api.client.twilio(path, {**CALL, "CallStatus": status})).status_code == 202
    async with api.context.database.session(read_only=True) as session:
        call = (await session.scalars(select(Call))).one()
    assert call.status == "completed"
    kinds = [entry["kind"] for entry in (await api.client.get("/outbox")).json()["items"]]
    assert kinds == ["signal", "start"]


async def test_a_transcript_that_comes_after_the_end_is_an_event_of_its_own(api: Running) -> None:
    path = await path_of(api.client)
    spoken = {**CALL, "TranscriptionText": "Hello, this is Ann.", "TranscriptionStatus": "completed"}
    for fields in (CALL, spoken, spoken):
        assert (await api.client.twilio(path, fields)).status_code == 202
    async with api.context.database.session(read_only=True) as session:
        call = (await session.scalars(select(Call))).one()
    assert call.transcript == "Hello, this is Ann."
    entries = (await api.client.get("/outbox")).json()["items"]
    assert [entry["payload"].get("transcript") for entry in entries] == [True, False, None]


@pytest.mark.parametrize("change", [{"CallStatus": "failed"}, {"CallSid": "CA2"}, {"More": ""}])
async def test_a_changed_form_is_refused(client: Client, change: dict[str, str]) -> None:
    path = await path_of(client)
    signed = await client.twilio(path, CALL)
    headers = {"x-twilio-signature": signed.request.headers["x-twilio-signature"]}
    is_problem(await client.http.post(path, data={**CALL, **change}, headers=headers), 401)


async def test_a_form_without_a_signature_or_for_another_url_is_refused(client: Client) -> None:
    path = await path_of(client)
    is_problem(await client.http.post(path, data=CALL), 401)
    is_problem(await client.twilio(path, CALL, url=f"{BASE}/webhooks/call-completed"), 401)


@pytest.mark.parametrize("name", ["x-forwarded-host", "x-forwarded-proto", "forwarded"])
async def test_a_forwarded_header_does_not_change_the_url(client: Client, name: str) -> None:
    path = await path_of(client)
    assert (await client.twilio(path, CALL, **{name: "https"})).status_code == 202


async def test_behind_a_proxy_the_public_url_is_what_was_signed(settings: ApiSettings) -> None:
    async with running(settings_of(settings.database_url, public_url="https://api.example.com")) as api:
        path = await path_of(api.client)
        is_problem(await api.client.twilio(path, CALL), 401)
        assert (await api.client.twilio(path, CALL, url=f"https://api.example.com{path}")).status_code == 202


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"CallSid": "CA1"}, "CallStatus"),
        ({"CallStatus": "completed"}, "CallSid"),
        ({"CallSid": "CA1", "CallStatus": "asleep"}, "status"),
        ({"CallSid": "C" * 65, "CallStatus": "completed"}, "call_sid"),
    ],
)
async def test_a_form_that_lacks_something_is_invalid(client: Client, fields: dict[str, str], field: str) -> None:
    problem = is_problem(await client.twilio(await path_of(client), fields), 422)
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize("query", ["", "?candidate_id=", "?candidate_id=ann", "?candidate_id=%00"])
async def test_a_form_needs_a_candidate_in_the_query(client: Client, query: str) -> None:
    problem = is_problem(await client.twilio(f"/webhooks/call-completed{query}", CALL), 422)
    assert problem["errors"][0]["field"] == "candidate_id"


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"CallSid=%ff&CallStatus=completed", b"CallSid=%00&CallStatus=completed", b"a=1&" * 200]
)
async def test_a_broken_form_is_invalid(client: Client, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": "abc"}
    is_problem(await client.http.post(await path_of(client), content=body, headers=headers), 422)


async def test_without_a_token_forms_are_refused(settings: ApiSettings) -> None:
    async with running(settings_of(settings.database_url, twilio_auth_token=None)) as api:
        problem = is_problem(await api.client.twilio(await path_of(api.client), CALL), 401)
        assert "TWILIO_AUTH_TOKEN" in problem["detail"]


async def test_an_unknown_candidate_is_not_found(client: Client) -> None:
    path = "/webhooks/call-completed?candidate_id=0190163d-8694-739b-aea5-966c26f8ad91"
    is_problem(await client.twilio(path, CALL), 404)


async def test_the_signature_of_one_kind_is_no_good_for_the_other(client: Client) -> None:
    body = {"candidate_id": await applied(client), "call_sid": "CA1", "status": "completed"}
    answer = await client.send(
        "/webhooks/call-completed", body, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    is_problem(answer, 401)
    assert APPLICATION["name"] not in answer.text
