from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from api.settings import ApiSettings
from api.tests.conftest import settings_of
from api.tests.support import FORM, Client, Running, is_problem, running, signed_headers
from db.models import WebhookReceipt

pytestmark = pytest.mark.anyio

BODY = json.dumps(FORM).encode()


async def refused(client: Client, headers: Any, status: int, body: bytes = BODY, path: str = "/webhooks/submit") -> Any:
    return is_problem(await client.http.post(path, content=body, headers=headers), status)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": None},
        {"webhook-id": None},
        {"webhook-timestamp": None},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,not base64!"},
        {"webhook-signature": "v1,aGVsbG8="},
        {"webhook-signature": "v1,a,b"},
        {"webhook-signature": ", ,, v1"},
        {"webhook-signature": "v9,aGVsbG8="},
        {"webhook-signature": "v1," + "A" * 5000},
        {"webhook-timestamp": "yesterday"},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "inf"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "1e30"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-id": "another"},
        {"webhook-id": "x" * 256},
        {"webhook-id": "a b"},
        {"webhook-id": "caf\xe9"},
    ],
)
async def test_headers_that_do_not_sign_the_body(client: Client, change: dict[str, str | None]) -> None:
    headers = {name: value for name, value in (signed_headers(BODY) | change).items() if value is not None}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await refused(client, raw, 401)


@pytest.mark.parametrize("age", [301, 3600, -301, -3600])
async def test_a_signature_of_another_time_is_refused(client: Client, age: float) -> None:
    problem = await refused(client, signed_headers(BODY, age=age), 401)
    assert "timestamp" in problem["detail"]


@pytest.mark.parametrize("age", [290, -290])
async def test_clocks_may_differ_by_almost_five_minutes(client: Client, age: float) -> None:
    answer = await client.http.post("/webhooks/submit", content=BODY, headers=signed_headers(BODY, age=age))
    assert answer.status_code == 202


async def test_a_changed_body_or_secret_is_refused(client: Client) -> None:
    await refused(client, signed_headers(BODY), 401, BODY + b" ")
    other = "whsec_b3RoZXIgc2VjcmV0IG9mIHNvbWVib2R5IGVsc2U="
    await refused(client, signed_headers(BODY, secret=other), 401)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_a_header_twice_is_refused(client: Client, name: str) -> None:
    headers = list(signed_headers(BODY).items())
    await refused(client, [*headers, *[item for item in headers if item[0] == name]], 401)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=utf-16",
        "application/json, text/plain",
    ],
)
async def test_another_content_type_is_refused(client: Client, content_type: str | None) -> None:
    headers = signed_headers(BODY)
    del headers["content-type"]
    await refused(client, headers | ({"content-type": content_type} if content_type is not None else {}), 415)


@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"'])
async def test_json_in_utf_8_may_say_so(client: Client, content_type: str) -> None:
    assert (await client.send("/webhooks/submit", FORM, headers={"content-type": content_type})).status_code == 202


@pytest.mark.parametrize("coding", ["gzip", "br", "gzip, identity"])
async def test_a_compressed_body_is_refused(client: Client, coding: str) -> None:
    problem = await client.send("/webhooks/submit", FORM, headers={"content-encoding": coding})
    is_problem(problem, 415)
    assert problem.headers["accept-encoding"] == "identity"


async def test_a_body_over_the_limit_is_refused(settings: ApiSettings) -> None:
    async with running(settings_of(settings.database_url, max_body_bytes=2048)) as api:
        large = {**FORM, "text": "x" * 3000}
        is_problem(await api.client.send("/webhooks/submit", large), 413)
        is_problem(await api.client.post("/raw/analyze/runs", {"params": {"text": "x" * 3000}}), 413)
        assert (await api.client.send("/webhooks/submit", {**FORM, "text": "x" * 1500})).status_code == 202


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


TEXTS = [
    ("", ""),
    ("null", ""),
    ("[]", ""),
    ('"text"', ""),
    ("{", ""),
    ("{} {}", ""),
    ("\ufeff{}", ""),
    ("{'form': 1}", ""),
    (deep(100_000), ""),
    ('{"form":' * 50_000, ""),
    (json.dumps({**FORM, "email": None}), "email"),
    (json.dumps({**FORM, "email": "ann"}), "email"),
    (json.dumps({**FORM, "email": "a@b.c" + "c" * 300}), "email"),
    (json.dumps({**FORM, "form": ""}), "form"),
    (json.dumps({**FORM, "form": 1}), "form"),
    (json.dumps({**FORM, "form": "x" * 101}), "form"),
    (json.dumps({**FORM, "text": ["a"]}), "text"),
    (json.dumps({**FORM, "text": "a\x00b"}), "text"),
    (json.dumps({**FORM, "text": "x" * 200_001}), "text"),
    (json.dumps(FORM).replace("twice", "\\ud800"), ""),
    (json.dumps(FORM).replace("twice", "\\udc00\\ud800"), ""),
    (json.dumps(FORM).replace('"contact"', "9" * 10_000), ""),
    (json.dumps(FORM).replace('"contact"', "1e999999999"), "form"),
    (json.dumps(FORM).replace('"contact"', "NaN"), "form"),
    (json.dumps(FORM).replace('"contact"', "-Infinity"), "form"),
    (json.dumps(FORM).replace("twice", "twi\x00ce"), ""),
    (json.dumps(FORM).replace("twice", "twi\nce"), ""),
]


@pytest.mark.parametrize(("text", "field"), TEXTS, ids=range(len(TEXTS)))
async def test_a_body_that_does_not_fit_is_invalid(client: Client, text: str, field: str) -> None:
    body = text.encode()
    problem = await refused(client, signed_headers(body, text=text), 422, body)
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize("body", [b'{"form": "\xff"}', b"\xff\xfe{\x00}\x00", b"\x80", b'{"form": "\xed\xa0\x80"}'])
async def test_a_body_that_is_not_utf_8_is_invalid(client: Client, body: bytes) -> None:
    await refused(client, signed_headers(body, text="signed as something"), 422, body)


async def test_every_wrong_field_is_named(client: Client) -> None:
    problem = is_problem(await client.send("/webhooks/submit", {}), 422)
    assert [error["field"] for error in problem["errors"]] == ["form", "email", "text"]
    assert all(error["message"] for error in problem["errors"])


async def test_what_was_sent_is_not_repeated_in_an_error(client: Client) -> None:
    for change in ({"email": "secret of ann"}, {"form": {"secret of ann": 1}}, {"text": ["secret of ann"]}):
        assert "secret of ann" not in (await client.send("/webhooks/submit", {**FORM, **change})).text


async def test_what_is_refused_leaves_nothing_behind(api: Running) -> None:
    await api.client.send("/webhooks/submit", {})
    await refused(api.client, signed_headers(BODY, age=3600), 401)
    async with api.context.database.session(read_only=True) as session:
        assert await session.scalar(select(func.count()).select_from(WebhookReceipt)) == 0


async def test_without_secrets_every_webhook_is_refused(settings: ApiSettings) -> None:
    async with running(settings_of(settings.database_url, webhook_secrets=())) as api:
        problem = is_problem(await api.client.send("/webhooks/submit", FORM), 401)
        assert "WEBHOOK_SECRETS" in problem["detail"]


async def test_unknown_fields_are_ignored(client: Client) -> None:
    assert (await client.send("/webhooks/submit", {**FORM, "utm": {"source": [1, 2]}})).status_code == 202


async def test_unknown_paths_and_methods_are_problems_too(client: Client) -> None:
    is_problem(await client.http.get("/nowhere"), 404)
    is_problem(await client.http.get("/nowhere/%00/%ff"), 404)
    answer = await client.http.put("/webhooks/submit")
    is_problem(answer, 405)
    assert answer.headers["allow"] == "POST"
