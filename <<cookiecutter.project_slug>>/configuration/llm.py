"""Settings of tools/llm."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from configuration.base import EnvSettings, check_url


class LlmSettings(EnvSettings):
    """Which language model answers, and within which limits; each limit is for one answer, retries included."""

    llm_model: str | None = Field(
        default=None, description="Language model, as PROVIDER:MODEL. Empty: the workflows' heuristics answer."
    )
    llm_api_key: SecretStr | None = Field(
        default=None,
        description="Its key. Empty: the provider's own variable, such as OPENAI_API_KEY, if there is one.",
    )
    llm_base_url: str | None = Field(
        default=None,
        description="An OpenAI-compatible server, such as http://127.0.0.1:11434/v1; for openai:MODEL only.",
    )
    llm_output: Literal["tool", "json", "text"] = Field(
        default="tool",
        description="How the model hands over its answer: a tool call, JSON by schema, or text that is JSON.",
    )
    llm_timeout_seconds: float = Field(
        default=30.0, gt=0, le=3600, description="Longest wait for an answer; keep it below the limits of RAW runs."
    )
    llm_retries: int = Field(
        default=2,
        ge=0,
        le=10,
        description="Further tries after an answer that does not fit, 429, 5xx, a lost connection.",
    )
    llm_max_input_tokens: int = Field(default=100_000, ge=1, description="Most tokens that are sent.")
    llm_max_output_tokens: int = Field(default=16_000, ge=1, description="Most tokens that come back.")
    llm_max_cost_usd: Decimal | None = Field(
        default=None,
        gt=0,
        description="Most that an answer may cost, where the model's price is known. Empty: no limit.",
    )

    @field_validator("llm_model")
    @classmethod
    def _model(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[a-z][a-z0-9/-]*:\S+", value):
            raise ValueError("must be PROVIDER:MODEL, such as openai:gpt-5-mini")
        return value

    @field_validator("llm_base_url")
    @classmethod
    def _base_url(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None:
            check_url(value, ("http", "https"))
            if "@" in value:
                raise ValueError("it must hold no user and password: LLM_API_KEY is the key")
            model = info.data.get("llm_model")
            if model and model.partition(":")[0] not in ("openai", "openai-chat"):
                raise ValueError("it is for OpenAI-compatible servers: write LLM_MODEL as openai:MODEL")
        return value
