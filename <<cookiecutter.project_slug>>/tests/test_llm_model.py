"""The model of LLM_MODEL, with the library's own test models."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from configuration.llm import LlmSettings
from tools import llm

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models.function import AgentInfo

# pydantic-ai is imported in the tests: it takes a second or two, also where they are left out.
pytestmark = pytest.mark.slow


class Question(BaseModel):
    text: str = "call +49 30 1234567"


class Answer(BaseModel):
    words: int
    quote: str


REQUEST = llm.Request("count", "Count.", Question(), Answer)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Callable[..., LlmSettings]:
    """Settings that take nothing of the user's own."""
    for name in LlmSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return lambda **given: LlmSettings(**{"_env_file": None, "llm_model": "openai:m", **given})


def test_the_library_s_test_model_fills_the_output_type(settings: Callable[..., LlmSettings]) -> None:
    from pydantic_ai.models.test import TestModel

    from tools.llm import client

    answer = asyncio.run(client.ask(settings(), REQUEST, TestModel()))
    assert type(answer) is Answer


def test_the_model_sees_masked_text_and_the_schema(settings: Callable[..., LlmSettings]) -> None:
    from pydantic_ai.messages import ModelResponse, ToolCallPart
    from pydantic_ai.models.function import FunctionModel

    from tools.llm import client

    seen: list[Any] = []

    def reply(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        seen.extend([messages, info])
        tool = info.output_tools[0]
        return ModelResponse(parts=[ToolCallPart(tool.name, {"words": 2, "quote": "[phone]"})])

    answer = asyncio.run(client.ask(settings(), REQUEST, FunctionModel(reply)))
    assert answer == Answer(words=2, quote="[phone]")
    assert "1234567" not in str(seen)
    assert set(seen[1].output_tools[0].parameters_json_schema["required"]) == {"words", "quote"}
    assert seen[1].model_settings["max_tokens"] == 16_000


def test_prose_instead_of_an_answer_is_a_failure(settings: Callable[..., LlmSettings]) -> None:
    from pydantic_ai.messages import ModelResponse, TextPart
    from pydantic_ai.models.function import FunctionModel

    from tools.llm import client

    model = FunctionModel(lambda *_: ModelResponse(parts=[TextPart("I would say two.")]))
    with pytest.raises(llm.LlmError, match=r"does not fit what was asked for, after 2 tries \(LLM_RETRIES\)"):
        asyncio.run(client.ask(settings(llm_retries=1), REQUEST, model))


def test_a_price_that_is_known_limits_the_cost(settings: Callable[..., LlmSettings]) -> None:
    from tools.llm import client

    def model(**more: Any) -> tuple[LlmSettings, Any]:
        given = settings(llm_model="openai:gpt-4o", llm_api_key="sk-x", **more)
        return given, client.make_model(given)

    with pytest.raises(llm.LlmError, match=r"an answer may cost 0\.16 USD, and LLM_MAX_COST_USD is 0\.1: "):
        asyncio.run(client.ask(model(llm_max_cost_usd="0.1")[0], REQUEST))
    client._check_size(*model(llm_max_cost_usd="0.2"), 1000)


def test_a_key_that_is_missing_is_told(settings: Callable[..., LlmSettings], monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.llm import client

    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(llm.LlmError, match="set LLM_API_KEY"):
        client.make_model(settings())
