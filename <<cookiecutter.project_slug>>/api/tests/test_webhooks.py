from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import func, select

from api.settings import ApiSettings
from api.tests.conftest import settings_of
from api.tests.support import FORM, OLD_SECRET, Client, Running, is_problem, running, signed_headers
from db.base import Base
from db.entities.submission import Submission
from db.models import WebhookReceipt

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


async def test_the_same_webhook_again_gets_the_same_answer(api: Running) -> None:
    first = await api.client.send("/webhooks/submit", FORM, webhook_id="msg_1")
    again = await api.client.send("/webhooks/submit", FORM, webhook_id="msg_1")
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert (await count(api, Submission), await count(api, WebhookReceipt)) == (1, 1)


async def test_an_id_with_another_body_is_a_conflict(client: Client) -> None:
    assert (await client.send("/webhooks/submit", FORM, webhook_id="msg_1")).status_code == 202
    is_problem(await client.send("/webhooks/submit", {**FORM, "text": "Other"}, webhook_id="msg_1"), 409)


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


async def test_urls_are_absolute_where_the_public_address_is_set(settings: ApiSettings) -> None:
    public = settings_of(settings.database_url, public_url="https://api.example.com/")
    async with running(public) as api:
        answer = await api.client.send("/webhooks/submit", FORM)
        assert answer.headers["location"] == f"https://api.example.com/submissions/{answer.json()['id']}"
