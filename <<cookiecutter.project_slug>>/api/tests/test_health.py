from __future__ import annotations

import json
import logging

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.settings import ApiSettings
from api.tests.conftest import settings_of
from api.tests.support import FORM, KEY, Client, Running, is_problem, logged, running
from logs import JsonFormatter

pytestmark = pytest.mark.anyio

UNKNOWN = "0190163d-8694-739b-aea5-966c26f8ad91"
# Nothing listens there.
AWAY = "postgresql+asyncpg://nobody@127.0.0.1:9/nothing"


async def test_all_is_well(client: Client) -> None:
    assert (await client.http.get("/healthz")).json() == {"status": "ok"}
    answer = await client.http.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (200, [])
    assert answer.json()["parts"]["database"] == "ok"


async def test_with_the_database_away_the_process_starts_and_says_what_is_missing() -> None:
    settings = settings_of(AWAY, database_timeout_seconds=2, environment="production")
    async with running(settings) as api:
        assert (await api.client.http.get("/healthz")).status_code == 200
        answer = await api.client.http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["missing"] == ["database"]
        metrics = await api.client.http.get("/metrics")
        assert metrics.status_code == 200
        assert "database_up 0.0" in metrics.text
        for answer in (
            await api.client.send("/webhooks/submit", FORM),
            await api.client.get(f"/submissions/{UNKNOWN}"),
            await api.client.get("/submissions"),
            await api.client.get("/submissions", key="rsk_00000000000000000000000000000000_x"),
        ):
            is_problem(answer, 503)
            assert int(answer.headers["retry-after"]) > 0
        # What is wrong with the request is said all the same.
        is_problem(await api.client.send("/webhooks/submit", {}), 422)


async def test_an_empty_database_is_not_ready_in_production(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("empty") / "app.db"
    url = f"sqlite+aiosqlite:///{file}"
    async with running(settings_of(url, environment="production")) as api:
        answer = await api.client.http.get("/readyz")
        assert answer.json()["missing"] == ["schema"]
        assert "python -m db migrate" in answer.json()["parts"]["schema"]
        is_problem(await api.client.send("/webhooks/submit", FORM), 503)
    async with running(settings_of(url, environment="development")) as api:
        assert (await api.client.http.get("/readyz")).status_code == 200
        assert (await api.client.send("/webhooks/submit", FORM)).status_code == 202


async def test_metrics_hold_no_personal_data(client: Client) -> None:
    accepted = (await client.send("/webhooks/submit", FORM)).json()
    await client.ended(accepted["url"])
    await client.http.get("/ann@example.com")
    await client.http.request("GREETINGS", "/healthz")
    text = (await client.http.get("/metrics")).text
    for secret in (accepted["id"], "ann@example", "Ann", "GREETINGS", KEY):
        assert secret not in text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    routes = {sample.labels["route"] for sample in families["http_requests"].samples}
    assert {"/submissions/{id}", "/webhooks/submit", "unmatched"} <= routes
    runs = {sample.labels.get("outcome"): sample.value for sample in families["submission_runs"].samples}
    assert runs["complete"] >= 1


async def test_logs_are_json_and_hold_no_personal_data(settings: ApiSettings) -> None:
    with logged() as stream:
        async with running(settings) as api:
            accepted = (await api.client.send("/webhooks/submit", FORM, headers={"x-request-id": "req-1"})).json()
            await api.client.ended(accepted["url"])
            await api.client.send("/webhooks/submit", {**FORM, "email": "write to ann"})
            await api.client.http.get("/ann@example.com?name=Ann")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    [request] = [line for line in lines if line.get("request_id") == "req-1" and line["event"] == "request"]
    assert (request["route"], request["status"], request["entity_id"]) == ("/webhooks/submit", 202, accepted["id"])
    # On a busy machine a run may be tried twice.
    runs = [line for line in lines if line["event"] == "submission run"]
    assert {run["entity_id"] for run in runs} == {accepted["id"]}
    assert runs[-1]["outcome"] == "complete"
    for secret in ("Ann", "ann@", "4711", "write to", KEY, "whsec", "name="):
        assert secret not in stream.getvalue()


def test_an_exception_is_logged_without_its_text() -> None:
    try:
        try:
            raise ValueError("secret of ann")
        except ValueError as cause:
            raise RuntimeError("secret of ann") from cause
    except RuntimeError as error:
        caught = (type(error), error, error.__traceback__)
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "it broke", None, caught)
    line = JsonFormatter().format(record)
    assert "secret" not in line
    document = json.loads(line)
    assert document["error"] == "RuntimeError <- ValueError"
    assert "test_health.py" in document["stack"][0]


async def test_a_fault_of_ours_is_a_problem_without_details(api: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret of ann")

    monkeypatch.setattr("db.repositories.submissions.list_page", broken)
    answer = await api.client.get("/submissions")
    is_problem(answer, 500)
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("given", "kept"), [("req-1.a_B", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("", False)]
)
async def test_a_plain_request_id_is_kept(client: Client, given: str, kept: bool) -> None:
    answer = await client.http.get("/healthz", headers={"x-request-id": given})
    assert (answer.headers["x-request-id"] == given) is kept
