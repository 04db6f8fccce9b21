from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from api.settings import ApiSettings
from api.tests.conftest import settings_of
from api.tests.support import KEY, Client, is_problem, running, until
from raw_runtime.result import RunResult

pytestmark = pytest.mark.anyio


async def test_a_run_gives_back_its_result(client: Client) -> None:
    answer = await client.post("/raw/analyze/runs", {"params": {"id": "1", "text": "Please delete my data."}})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert (document["workflow"], document["status"], document["exit_code"]) == ("analyze", "success", 0)
    assert document["result"]["category"] == "privacy"
    assert "run_dir" not in document


async def test_params_have_defaults(client: Client) -> None:
    assert (await client.post("/raw/analyze/runs", {})).json()["exit_code"] == 0


async def test_a_workflow_that_fails_is_an_answer_too(client: Client) -> None:
    document = (await client.post("/raw/analyze/runs", {"params": {"id": "1", "text": " "}})).json()
    assert (document["status"], document["exit_code"]) == ("error", 1)
    assert document["message"].startswith("text is empty")


@pytest.mark.parametrize("name", ["analyse", "..", "%2e%2e%2fapi", "x" * 100, "%00", "\u2028"])
async def test_an_unknown_workflow_is_not_found(client: Client, name: str) -> None:
    problem = is_problem(await client.post(f"/raw/{name}/runs", {}), 404)
    if name == "analyse":
        assert "Did you mean analyze" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"params": {"text": "a", "colour": [1]}}, "params.colour"),
        ({"params": {"txt": "a"}}, "params.txt"),
        ({"params": []}, "params"),
        ({"params": {"text": "a\x00"}}, "params.text"),
        ({"timeout_seconds": 0.9}, "timeout_seconds"),
        ({"timeout_seconds": 1e9}, "timeout_seconds"),
        ({"timeout_seconds": True}, "timeout_seconds"),
    ],
)
async def test_wrong_params_are_named(client: Client, body: Any, field: str) -> None:
    problem = is_problem(await client.post("/raw/analyze/runs", body), 422)
    assert field in [error["field"] for error in problem["errors"]]


@pytest.mark.parametrize("value", ["NaN", "1e999", "[-Infinity]"])
async def test_numbers_must_be_finite(client: Client, value: str) -> None:
    text = f'{{"params": {{"text": {value}}}}}'
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    is_problem(await client.http.post("/raw/analyze/runs", content=text, headers=headers), 422)


class Waiting:
    """A runner whose runs wait for a word, then are out of time."""

    def __init__(self) -> None:
        self.number = 0
        self.go = asyncio.Event()

    async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:  # noqa: ARG002
        self.number += 1
        await self.go.wait()
        return RunResult(name, "run", "", "error", 124, "Out of time")

    async def aclose(self) -> None:
        pass


async def test_a_run_that_takes_too_long_is_a_timeout(settings: ApiSettings) -> None:
    waiting = Waiting()
    waiting.go.set()
    async with running(settings, runner=waiting) as api:
        problem = is_problem(await api.client.post("/raw/analyze/runs", {"timeout_seconds": 1.5}), 504)
    assert "1.5 seconds" in problem["detail"]


async def test_only_so_many_callers_wait(settings: ApiSettings) -> None:
    waiting = Waiting()
    async with running(settings_of(settings.database_url, run_waiting=2), runner=waiting) as api:
        calls = [asyncio.create_task(api.client.post("/raw/analyze/runs", {})) for _ in range(2)]
        await until(lambda: waiting.number == 2)
        refused = await api.client.post("/raw/analyze/runs", {})
        is_problem(refused, 429)
        assert refused.headers["retry-after"] == "1"
        waiting.go.set()
        assert {call.status_code for call in await asyncio.gather(*calls)} == {504}
        again = await api.client.post("/raw/analyze/runs", {})
        assert again.status_code == 504
