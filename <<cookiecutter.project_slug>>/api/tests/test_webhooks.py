from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import func, select

from api.settings import ApiSettings
from api.tests.conftest import settings_of
from api.tests.support import APPLICATION, FORM, OLD_SECRET, Client, Running, is_problem, running, signed_headers
from db.models import Base, Candidate, OutboxEntry, Submission, TimelineEvent, WebhookReceipt
from db.repositories import calls

pytestmark = pytest.mark.anyio


async def count(api: Running, model: type[Base]) -> int:
    async with api.context.database.session(read_only=True) as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def test_a_submission_is_acknowledged_then_analysed(client: Client) -> None:
    answer = await client.send("/webhooks/submit", FORM)
    assert answer.status_code == 202
    accepted = answer.json()
    assert set(accepted) == {"id", "status", "url"}
    assert accepted["status"] == "pending"
    assert answer.headers["location"] == accepted["url"] == f"/submissions/{accepted['id']}"
    document = await client.ended(accepted["url"])
    assert document["status"] == "complete"
    assert document["result"]["category"] == "billing"
    assert [event["event"] for event in document["timeline"]] == ["received", "started", "complete"]


async def test_an_application_waits_in_the_outbox(api: Running) -> None:
    candidate_id = await api.client.candidate()
    document = (await api.client.get(f"/candidates/{candidate_id}")).json()
    assert document["status"] == "received"
    assert "cv_text" not in document
    [entry] = (await api.client.get("/outbox")).json()["items"]
    assert (entry["kind"], entry["target"]) == ("start", f"hiring-{candidate_id}")
    assert entry["payload"] == {"candidate_id": candidate_id}


@pytest.mark.parametrize(("path", "body"), [("/webhooks/submit", FORM), ("/webhooks/cv-submission", APPLICATION)])
async def test_the_same_webhook_again_gets_the_same_answer(api: Running, path: str, body: dict[str, str]) -> None:
    first = await api.client.send(path, body, webhook_id="msg_1")
    again = await api.client.send(path, body, webhook_id="msg_1")
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert await count(api, Submission) + await count(api, Candidate) == 1
    assert await count(api, WebhookReceipt) == 1
    assert await count(api, OutboxEntry) == (1 if "cv" in path else 0)


async def test_an_id_with_another_body_is_a_conflict(client: Client) -> None:
    assert (await client.send("/webhooks/submit", FORM, webhook_id="msg_1")).status_code == 202
    is_problem(await client.send("/webhooks/submit", {**FORM, "text": "Other"}, webhook_id="msg_1"), 409)


async def test_an_id_belongs_to_its_endpoint(api: Running) -> None:
    assert (await api.client.send("/webhooks/submit", FORM, webhook_id="msg_1")).status_code == 202
    assert (await api.client.send("/webhooks/cv-submission", APPLICATION, webhook_id="msg_1")).status_code == 202


async def test_copies_at_the_same_moment_to_two_applications_make_one_row(settings: ApiSettings) -> None:
    async with running(settings) as one, running(settings) as two:
        sent = [api.client.send("/webhooks/submit", FORM, webhook_id="msg_1") for _ in range(25) for api in (one, two)]
        answers = await asyncio.gather(*sent)
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1
        assert await count(one, Submission) == 1
        document = await one.client.ended(answers[0].json()["url"])
        assert [event["event"] for event in document["timeline"]] == ["received", "started", "complete"]


async def test_two_secrets_are_good_at_a_time(client: Client) -> None:
    body = json.dumps(FORM).encode()
    headers = signed_headers(body, secret=OLD_SECRET)
    assert (await client.http.post("/webhooks/submit", content=body, headers=headers)).status_code == 202


async def test_one_good_signature_of_several_is_enough(client: Client) -> None:
    body = json.dumps(FORM).encode()
    headers = signed_headers(body)
    headers["webhook-signature"] = f"v1a,abc v1,aGVsbG8= {headers['webhook-signature']}"
    assert (await client.http.post("/webhooks/submit", content=body, headers=headers)).status_code == 202


@pytest.mark.parametrize(
    ("body", "event", "signal"),
    [
        ({"type": "scheduled", "call_time": "2030-05-06T14:30:00+02:00"}, "call_scheduled", "scheduled"),
        ({"type": "rescheduled", "call_time": "2030-05-06T12:30:00Z"}, "call_rescheduled", "rescheduled"),
        ({"type": "cancelled"}, "call_cancelled", "cancelled"),
    ],
)
async def test_a_calendar_event_is_signalled(client: Client, body: dict[str, str], event: str, signal: str) -> None:
    candidate_id = await client.candidate()
    answer = await client.send("/webhooks/calendar", {"candidate_id": candidate_id, **body}, webhook_id="msg_1")
    assert answer.status_code == 202
    assert answer.json() == {"id": candidate_id, "status": "received", "url": f"/candidates/{candidate_id}"}
    timeline = (await client.get(f"/candidates/{candidate_id}")).json()["timeline"]
    assert [item["event"] for item in timeline] == ["received", event]
    entry = (await client.get("/outbox")).json()["items"][0]
    assert entry["payload"]["type"] == signal
    assert entry["payload"]["event_id"] == "calendar:msg_1"
    again = await client.send("/webhooks/calendar", {"candidate_id": candidate_id, **body}, webhook_id="msg_1")
    assert again.content == answer.content
    assert len((await client.get("/outbox")).json()["items"]) == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/webhooks/calendar", {"type": "cancelled"}),
        ("/webhooks/call-completed", {"call_sid": "CA1", "status": "completed"}),
    ],
)
async def test_an_event_of_an_unknown_candidate_is_not_found(client: Client, path: str, body: dict[str, Any]) -> None:
    unknown = "0190163d-8694-739b-aea5-966c26f8ad91"
    is_problem(await client.send(path, {"candidate_id": unknown, **body}, webhook_id="msg_1"), 404)
    # What was refused is not remembered: once the candidate is there, the same webhook is taken.
    candidate_id = await client.candidate()
    assert (await client.send(path, {"candidate_id": candidate_id, **body}, webhook_id="msg_1")).status_code == 202


async def test_a_transcript_is_stored_and_not_signalled(api: Running) -> None:
    candidate_id = await api.client.candidate()
    body = {"candidate_id": candidate_id, "call_sid": "CA1", "status": "completed", "transcript": "I am Ann."}
    assert (await api.client.send("/webhooks/call-completed", body)).status_code == 202
    async with api.context.database.session(read_only=True) as session:
        candidate = (await session.scalars(select(Candidate))).one()
        call = await calls.get(session, candidate.id, "CA1")
        entries = list(await session.scalars(select(OutboxEntry)))
        events = list(await session.scalars(select(TimelineEvent)))
    assert call is not None
    assert (call.status, call.transcript) == ("completed", "I am Ann.")
    assert "I am Ann" not in json.dumps([entry.payload for entry in entries] + [event.detail for event in events])


async def test_the_signal_says_whether_there_is_a_transcript_by_now(client: Client) -> None:
    candidate_id = await client.candidate()
    told = []
    for sid, status, transcript in (
        ("CA1", "in-progress", "I am Ann."),
        ("CA1", "completed", ""),
        ("CA2", "completed", ""),
        ("CA2", "completed", "I am Ann, again."),
    ):
        body = {"candidate_id": candidate_id, "call_sid": sid, "status": status, "transcript": transcript}
        assert (await client.send("/webhooks/call-completed", body)).status_code == 202
    for entry in (await client.get("/outbox")).json()["items"]:
        if entry["kind"] == "signal":
            told.append((entry["payload"]["call_sid"], entry["payload"]["transcript"]))
    assert told == [("CA2", True), ("CA2", False), ("CA1", True)]


async def test_urls_are_absolute_where_the_public_address_is_set(settings: ApiSettings) -> None:
    public = settings_of(settings.database_url, public_url="https://api.example.com/")
    async with running(public) as api:
        answer = await api.client.send("/webhooks/submit", FORM)
        assert answer.headers["location"] == f"https://api.example.com/submissions/{answer.json()['id']}"
