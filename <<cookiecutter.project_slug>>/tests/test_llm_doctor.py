"""What `raw doctor` learns of the model."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from configuration.llm import LlmSettings
from tools.checking import Finding, State
from tools.llm import doctor
from tools.llm.testing import FakeOpenAI, Reply, fake_openai

pytestmark = pytest.mark.slow

Make = Callable[..., LlmSettings]


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with fake_openai() as running:
        yield running


@pytest.fixture
def make(server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> Make:
    for name in LlmSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return lambda **more: LlmSettings(**{"_env_file": None, **server.settings(**more)})


def finding(settings: LlmSettings) -> Finding:
    (found,) = asyncio.run(doctor.check(settings))
    return found


def test_states(make: Make, server: FakeOpenAI) -> None:
    assert doctor.state(make()) == State("configured", f"openai:small at {server.url} is asked.")
    assert doctor.state(make(llm_base_url=None)) == State("configured", "openai:small is asked.")
    assert doctor.state(make(llm_model=None)) == State(
        "default", "LLM_MODEL is empty: the heuristics of the workflows answer."
    )
    assert server.requests == []


def test_without_a_model_there_is_nothing_to_check(make: Make) -> None:
    assert asyncio.run(doctor.check(make(llm_model=None))) == []


def test_a_model_that_answers(make: Make, server: FakeOpenAI) -> None:
    server.say(Reply("OK", finish_reason="length"))
    found = finding(make())
    assert found.ok
    assert re.fullmatch(r"openai:small answered in \d+\.\d\d s\.", found.detail)
    (request,) = server.requests
    assert request["max_completion_tokens"] == 16
    assert "tools" not in request


@pytest.mark.parametrize(
    ("given", "reply", "told"),
    [
        ({"llm_api_key": "sk-other"}, Reply(), "its key is refused (401): check LLM_API_KEY."),
        ({"llm_model": "openai:huge"}, Reply(), "the server does not know the model or the address (404)"),
        ({}, Reply(status=500), "the server has a fault of its own (500)."),
        ({}, Reply(status=429), "it is asked too often (429)."),
        ({"llm_base_url": "http://127.0.0.1:9/v1"}, Reply(), "the server cannot be reached"),
        ({"llm_model": "anthropic:m", "llm_base_url": None}, Reply(), "the client of anthropic is not installed"),
    ],
)
def test_a_model_that_does_not(make: Make, server: FakeOpenAI, given: dict[str, Any], reply: Reply, told: str) -> None:
    server.say(reply)
    found = finding(make(**given))
    assert not found.ok
    assert told in found.detail
    assert found.remedy
    assert "sk-" not in found.detail
    assert len(server.requests) <= 1, "a check asks once"


def test_a_model_that_is_slow(make: Make, server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LIMIT_SECONDS", 0.4)
    server.say(Reply("OK", delay_seconds=3))
    settings = make()
    start = time.monotonic()
    assert "it did not answer within 0." in finding(settings).detail
    assert time.monotonic() - start < 2.5
