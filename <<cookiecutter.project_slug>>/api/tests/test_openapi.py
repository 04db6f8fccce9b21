from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from api.main import create_app
from api.schemas import RunIn, SubmissionIn
from api.settings import ApiSettings
from api.tests.support import APPLICATION, FORM, Client
from db import testing
from settings import DEFAULT_DATABASE_URL
from workflows.inputs import CalendarIn, CallCompletedIn, CandidateIn, DecisionIn, WithdrawalIn

pytestmark = pytest.mark.anyio

DOCUMENT = create_app(testing.settings_of_kind(ApiSettings, DEFAULT_DATABASE_URL), target=None).openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
BODIES: dict[str, type[BaseModel]] = {
    "POST /webhooks/submit": SubmissionIn,
    "POST /webhooks/cv-submission": CandidateIn,
    "POST /webhooks/calendar": CalendarIn,
    "POST /webhooks/call-completed": CallCompletedIn,
    "POST /candidates/{id}/decision": DecisionIn,
    "POST /candidates/{id}/withdrawal": WithdrawalIn,
    "POST /raw/{workflow}/runs": RunIn,
}


def test_the_wire_is_all_there() -> None:
    assert set(OPERATIONS) == {
        *BODIES,
        "POST /webhooks/call-script",
        "GET /candidates",
        "GET /candidates/{id}",
        "GET /submissions",
        "GET /submissions/{id}",
        "GET /outbox",
        "POST /codec/encode",
        "POST /codec/decode",
        "POST /outbox/{id}/retry",
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
    }


@pytest.mark.parametrize("name", BODIES)
def test_every_body_has_an_example_that_is_valid(name: str) -> None:
    content = OPERATIONS[name]["requestBody"]["content"]
    assert all(kind["example"] and kind["schema"]["properties"] for kind in content.values())
    BODIES[name].model_validate_json(json.dumps(content["application/json"]["example"]))


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_described_and_every_error_is_a_problem(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"]
    for status, answer in operation["responses"].items():
        assert answer["description"]
        if int(status) >= 400 and name != "GET /readyz":
            [(kind, content)] = answer["content"].items()
            assert kind == "application/problem+json"
            assert content["schema"] == {"$ref": "#/components/schemas/ProblemDocument"}
            assert content["example"]["status"] == int(status)
    if name.split()[1].startswith(("/candidates", "/submissions", "/raw", "/outbox", "/codec")):
        assert operation["security"]
        assert {"401", "403"} <= set(operation["responses"])


def test_every_reference_leads_somewhere() -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [found for item in value.values() for found in references(item)]
        return [found for item in value for found in references(item)] if isinstance(value, list) else []

    schemas = DOCUMENT["components"]["schemas"]
    assert {reference.rpartition("/")[2] for reference in references(DOCUMENT)} <= set(schemas)
    assert "HTTPValidationError" not in schemas


async def test_what_is_answered_is_what_is_described(client: Client) -> None:
    await client.candidate()
    accepted = (await client.send("/webhooks/submit", FORM)).json()
    described = DOCUMENT["components"]["schemas"]
    for path, name in [
        (accepted["url"], "SubmissionOut"),
        (f"/candidates/{await client.candidate()}", "CandidateOut"),
        ("/outbox", "OutboxPage"),
    ]:
        assert set((await client.get(path)).json()) == set(described[name]["properties"])
    content = OPERATIONS["POST /webhooks/cv-submission"]["requestBody"]["content"]["application/json"]
    assert set(APPLICATION) == set(content["schema"]["properties"])
