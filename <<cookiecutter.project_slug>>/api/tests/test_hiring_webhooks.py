"""The webhooks of hiring: what is stored of each, what the process is told, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from api.settings import ApiSettings
from api.tests.conftest import settings_of
from api.tests.hiring import APPLICATION, applied
from api.tests.support import FORM, KEY, Client, Running, is_problem, logged, running
from api.tests.test_health import AWAY, UNKNOWN
from db.base import Base
from db.entities.candidate import Candidate
from db.models import OutboxEntry, TimelineEvent, WebhookReceipt
from db.repositories import calls

pytestmark = pytest.mark.anyio


async def count(api: Running, model: type[Base]) -> int:
    async with api.context.database.session(read_only=True) as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def test_an_application_waits_in_the_outbox(api: Running) -> None:
    candidate_id = await applied(api.client)
    document = (await api.client.get(f"/candidates/{candidate_id}")).json()
    assert document["status"] == "received"
    assert "cv_text" not in document
    [entry] = (await api.client.get("/outbox")).json()["items"]
    assert (entry["kind"], entry["target"]) == ("start", f"hiring-{candidate_id}")
    assert entry["payload"] == {}


async def test_the_same_application_again_gets_the_same_answer(api: Running) -> None:
    first = await api.client.send("/webhooks/cv-submission", APPLICATION, webhook_id="msg_1")
    again = await api.client.send("/webhooks/cv-submission", APPLICATION, webhook_id="msg_1")
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert [await count(api, model) for model in (Candidate, WebhookReceipt, OutboxEntry)] == [1, 1, 1]
    other = {**APPLICATION, "name": "Bob Example"}
    is_problem(await api.client.send("/webhooks/cv-submission", other, webhook_id="msg_1"), 409)


async def test_an_id_belongs_to_its_endpoint(api: Running) -> None:
    assert (await api.client.send("/webhooks/submit", FORM, webhook_id="msg_1")).status_code == 202
    assert (await api.client.send("/webhooks/cv-submission", APPLICATION, webhook_id="msg_1")).status_code == 202


@pytest.mark.parametrize(
    ("body", "event", "signal"),
    [
        ({"type": "scheduled", "call_time": "2030-05-06T14:30:00+02:00"}, "call_scheduled", "scheduled"),
        ({"type": "rescheduled", "call_time": "2030-05-06T12:30:00Z"}, "call_rescheduled", "rescheduled"),
        ({"type": "cancelled"}, "call_cancelled", "cancelled"),
    ],
)
async def test_a_calendar_event_is_signalled(client: Client, body: dict[str, str], event: str, signal: str) -> None:
    candidate_id = await applied(client)
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
    is_problem(await client.send(path, {"candidate_id": UNKNOWN, **body}, webhook_id="msg_1"), 404)
    # What was refused is not remembered: once the candidate is there, the same webhook is taken.
    candidate_id = await applied(client)
    assert (await client.send(path, {"candidate_id": candidate_id, **body}, webhook_id="msg_1")).status_code == 202


async def test_a_transcript_is_stored_and_not_signalled(api: Running) -> None:
    candidate_id = await applied(api.client)
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
    candidate_id = await applied(client)
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


@pytest.mark.parametrize(
    "call_time",
    [
        None,
        1_700_000_000,
        "1700000000",
        "2030-05-06",
        "2030-05-06T14:30:00",
        "tomorrow",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "2030-02-30T10:00:00Z",
        "2030-05-06T14:30:00+25:00",
        "\u0662030-05-06T14:30:00Z",
    ],
)
async def test_a_call_needs_a_time_with_an_offset(client: Client, call_time: object) -> None:
    body = {"candidate_id": await applied(client), "type": "scheduled", "call_time": call_time}
    problem = is_problem(await client.send("/webhooks/calendar", body), 422)
    assert [error["field"] for error in problem["errors"]] == ["call_time"]


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("/webhooks/cv-submission", {**APPLICATION, "phone": "call me"}, ["phone"]),
        ("/webhooks/cv-submission", {"name": "Ann"}, ["email", "phone", "position", "cv_text"]),
        ("/webhooks/calendar", {"candidate_id": "ann", "type": "moved"}, ["candidate_id", "type"]),
        ("/webhooks/call-completed", {"candidate_id": 1, "status": ""}, ["candidate_id", "call_sid", "status"]),
    ],
)
async def test_every_wrong_field_is_named(client: Client, path: str, body: Any, fields: list[str]) -> None:
    problem = is_problem(await client.send(path, body), 422)
    assert [error["field"] for error in problem["errors"]] == fields
    assert all(error["message"] for error in problem["errors"])


async def test_with_the_database_away_they_are_to_come_again() -> None:
    async with running(settings_of(AWAY, database_timeout_seconds=2, environment="production")) as api:
        for answer in (
            await api.client.send("/webhooks/cv-submission", APPLICATION),
            await api.client.send("/webhooks/calendar", {"candidate_id": UNKNOWN, "type": "cancelled"}),
        ):
            is_problem(answer, 503)
            assert int(answer.headers["retry-after"]) > 0


async def test_metrics_and_logs_hold_no_personal_data(settings: ApiSettings) -> None:
    with logged() as stream:
        async with running(settings) as api:
            candidate_id = await applied(api.client)
            await api.client.get(f"/candidates/{candidate_id}")
            await api.client.send("/webhooks/cv-submission", {**APPLICATION, "phone": "ring ann"})
            await api.client.post(f"/candidates/{candidate_id}/decision", {"decision": "reject", "note": "Too loud."})
            figures = (await api.client.http.get("/metrics")).text
    assert 'route="/candidates/{id}"' in figures
    assert '"/candidates/{id}/decision"' in stream.getvalue()
    assert candidate_id not in figures
    for secret in ("Ann", "ann@", "901820", "PostgreSQL and", "ring ann", "loud", KEY, "whsec"):
        assert secret not in stream.getvalue() + figures
