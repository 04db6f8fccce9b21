from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from api.main import create_app
from api.schemas import RunIn, SubmissionIn
from api.settings import ApiSettings
from api.tests.support import FORM, Client
from db import testing
from db.entities import entity_type
from settings import DEFAULT_DATABASE_URL
from workflows.temporal.processes import processes

pytestmark = pytest.mark.anyio

DOCUMENT = create_app(testing.settings_of_kind(ApiSettings, DEFAULT_DATABASE_URL), target=None).openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def of_processes() -> Iterator[tuple[str, type[BaseModel]]]:
    """What begins processes, and what these are told, each under the address that its source says."""
    for process in processes().values():
        yield f"POST /webhooks/{process.start.source}", process.start.model
        for incoming in process.incoming:
            if incoming.id_field is None:
                yield f"POST /{entity_type(process.entity).plural}/{{id}}/{incoming.source}", incoming.model
            elif incoming.by_hand:
                yield f"POST /webhooks/{incoming.source}", incoming.model


BODIES: dict[str, type[BaseModel]] = {
    "POST /webhooks/submit": SubmissionIn,
    "POST /raw/{workflow}/runs": RunIn,
    **dict(of_processes()),
}
# Whoever calls these needs no key: probes, scrapers, and senders who sign.
OPEN = ("/webhooks/", "/healthz", "/readyz", "/metrics")


def test_the_wire_is_all_there() -> None:
    assert set(OPERATIONS) >= {
        *BODIES,
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
    if not name.split()[1].startswith(OPEN):
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
    accepted = (await client.send("/webhooks/submit", FORM)).json()
    described = DOCUMENT["components"]["schemas"]
    for path, name in [
        (accepted["url"], "SubmissionOut"),
        ("/outbox", "OutboxPage"),
    ]:
        assert set((await client.get(path)).json()) == set(described[name]["properties"])
    content = OPERATIONS["POST /webhooks/submit"]["requestBody"]["content"]["application/json"]
    assert set(FORM) == set(content["schema"]["properties"])
