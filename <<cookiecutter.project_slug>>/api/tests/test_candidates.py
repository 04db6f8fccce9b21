"""Candidates as the API shows them, and what people say of them: decisions and withdrawals."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from api.tests.hiring import APPLICATION, applied
from api.tests.support import KEY, Client, Running, is_problem
from api.tests.test_openapi import DOCUMENT, OPERATIONS
from db.repositories import entities

pytestmark = pytest.mark.anyio

UNKNOWN = "0190163d-8694-739b-aea5-966c26f8ad91"


def test_the_wire_is_as_clients_know_it() -> None:
    assert set(OPERATIONS) >= {
        "POST /webhooks/cv-submission",
        "POST /webhooks/calendar",
        "POST /webhooks/call-completed",
        "POST /webhooks/call-script",
        "GET /candidates",
        "GET /candidates/{id}",
        "POST /candidates/{id}/decision",
        "POST /candidates/{id}/withdrawal",
    }


async def test_what_is_answered_is_what_is_described(client: Client) -> None:
    described = DOCUMENT["components"]["schemas"]["CandidateOut"]["properties"]
    assert set((await client.get(f"/candidates/{await applied(client)}")).json()) == set(described)
    content = OPERATIONS["POST /webhooks/cv-submission"]["requestBody"]["content"]["application/json"]
    assert set(APPLICATION) == set(content["schema"]["properties"])


async def test_an_unknown_id_is_not_found_and_a_wrong_one_invalid(client: Client) -> None:
    is_problem(await client.get(f"/candidates/{UNKNOWN}"), 404)
    for wrong in ("1", "%00", "x" * 300, "%F0%9F%98%80"):
        is_problem(await client.get(f"/candidates/{wrong}"), 422)


async def test_pages_follow_each_other_newest_first(client: Client) -> None:
    sent = [await applied(client) for _ in range(3)]
    first = (await client.get("/candidates", limit=2)).json()
    second = (await client.get("/candidates", limit=2, cursor=first["next_cursor"])).json()
    assert [item["id"] for page in (first, second) for item in page["items"]] == sent[::-1]
    assert second["next_cursor"] is None
    assert not {"cv_text", "phone"} & set(first["items"][0])


async def test_lists_are_filtered(client: Client) -> None:
    await client.send("/webhooks/cv-submission", {**APPLICATION, "position": "Cook"})
    assert len((await client.get("/candidates", position="Cook", status="received")).json()["items"]) == 1
    assert (await client.get("/candidates", position="Cook", status="rejected")).json()["items"] == []
    assert (await client.get("/candidates", position="Pilot")).json()["items"] == []
    assert (await client.get("/candidates", position="'; drop table candidates; --")).status_code == 200
    for query, field in (({"cursor": "nonsense"}, "cursor"), ({"limit": "0"}, "limit"), ({"status": "gone"}, "status")):
        problem = is_problem(await client.get("/candidates", **query), 422)
        assert [error["field"] for error in problem["errors"]] == [field]


async def test_a_decision_is_signalled_once_under_its_key(client: Client) -> None:
    candidate_id = await applied(client)
    path, body = f"/candidates/{candidate_id}/decision", {"decision": "approve", "note": "Strong on databases."}
    first = await client.post(path, body, **{"idempotency-key": "one"})
    assert first.status_code == 202, first.text
    assert first.json() == {"id": candidate_id, "status": "received", "url": f"/candidates/{candidate_id}"}
    copies = await asyncio.gather(*(client.post(path, body, **{"idempotency-key": "one"}) for _ in range(5)))
    assert {copy.content for copy in copies} == {first.content}
    entries = (await client.get("/outbox")).json()["items"]
    assert [entry["payload"].get("decision") for entry in entries] == ["approve", None]
    assert "databases" not in str(entries)
    timeline = (await client.get(f"/candidates/{candidate_id}")).json()["timeline"]
    assert timeline[-1]["detail"] == {"decision": "approve", "by": "bootstrap", "note": "Strong on databases."}
    is_problem(await client.post(path, {"decision": "reject"}, **{"idempotency-key": "one"}), 409)


async def test_a_withdrawal_is_signalled_once_under_its_key(client: Client) -> None:
    candidate_id = await applied(client)
    path, body = f"/candidates/{candidate_id}/withdrawal", {"note": "Took another offer."}
    first = await client.post(path, body, **{"idempotency-key": "one"})
    assert first.status_code == 202, first.text
    assert first.json() == {"id": candidate_id, "status": "received", "url": f"/candidates/{candidate_id}"}
    assert (await client.post(path, body, **{"idempotency-key": "one"})).content == first.content
    [entry, start] = (await client.get("/outbox")).json()["items"]
    assert (entry["kind"], entry["target"], start["kind"]) == ("signal", f"hiring-{candidate_id}", "start")
    event_id = f"withdrawal:{candidate_id}:one"
    assert entry["payload"] == {
        "entity_id": candidate_id,
        "event": "withdrawal",
        "event_id": event_id,
        "by": "bootstrap",
    }
    timeline = (await client.get(f"/candidates/{candidate_id}")).json()["timeline"]
    assert (timeline[-1]["event"], timeline[-1]["detail"]) == (
        "withdrawal",
        {"by": "bootstrap", "note": "Took another offer."},
    )
    is_problem(await client.post(path, {"note": "Changed."}, **{"idempotency-key": "one"}), 409)
    assert (await client.post(path, {})).status_code == 202, "a note is not needed"
    is_problem(await client.post(path, {}, key="wrong"), 401)
    is_problem(await client.post(path, {"note": 1}), 422)
    is_problem(await client.http.post(path, content=b"", headers={"authorization": f"Bearer {KEY}"}), 415)


@pytest.mark.parametrize(("path", "body"), [("decision", {"decision": "approve"}), ("withdrawal", {})])
async def test_a_decision_or_withdrawal_needs_an_open_candidate(api: Running, path: str, body: dict[str, str]) -> None:
    candidate_id = await applied(api.client)
    before = await api.client.post(f"/candidates/{candidate_id}/{path}", body, **{"idempotency-key": "one"})
    async with api.context.database.session() as session:
        assert await entities.set_status(session, "candidate", uuid.UUID(candidate_id), "rejected")
    problem = is_problem(await api.client.post(f"/candidates/{candidate_id}/{path}", body), 409)
    assert problem["detail"] == "The candidate's status is final: rejected."
    again = await api.client.post(f"/candidates/{candidate_id}/{path}", body, **{"idempotency-key": "one"})
    assert (again.status_code, again.content) == (202, before.content)
    is_problem(await api.client.post(f"/candidates/{UNKNOWN}/{path}", body), 404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "decision"),
        ({"decision": "maybe"}, "decision"),
        ({"decision": "approve", "note": "a\x00"}, "note"),
        ({"decision": "approve", "note": "x" * 2001}, "note"),
        ([], ""),
    ],
)
async def test_a_wrong_decision_is_named(client: Client, body: object, field: str) -> None:
    problem = is_problem(await client.post(f"/candidates/{UNKNOWN}/decision", body), 422)
    assert [error["field"] for error in problem["errors"]] == [field]
