"""What `raw doctor` and `raw show tools` ask of this tool."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import time

from configuration.llm import LlmSettings
from tools.checking import Finding, State
from tools.llm.errors import LlmError

SETTINGS = LlmSettings
LIMIT_SECONDS = 9.0
"""Longest check, the import of the client included."""


def state(settings: LlmSettings) -> State:
    """Say which model is set up; nothing is sent."""
    if not settings.llm_model:
        return State("default", "LLM_MODEL is empty: the heuristics of the workflows answer.")
    if importlib.util.find_spec("pydantic_ai") is None:
        return State("broken", "LLM_MODEL is set, and pydantic_ai is not installed: run uv sync.")
    where = f" at {settings.llm_base_url}" if settings.llm_base_url else ""
    return State("configured", f"{settings.llm_model}{where} is asked.")


async def check(settings: LlmSettings) -> list[Finding]:
    """Ask the model for one word."""
    if not settings.llm_model:
        return []
    name = settings.llm_model
    ends_at = time.monotonic() + LIMIT_SECONDS
    try:
        # In a thread: it takes a second or two, and the event loop has other checks.
        client = await asyncio.to_thread(importlib.import_module, "tools.llm.client")
        start = time.monotonic()
        await client.ping(settings, max(0.1, ends_at - start))
    except ImportError as error:
        return [Finding("model", False, f"{name}: {error.name} is not installed.", "Run uv sync, or unset LLM_MODEL.")]
    except LlmError as error:
        return [Finding("model", False, f"{name} does not answer: {error}.", "Correct the LLM_ settings in .env.")]
    return [Finding("model", True, f"{name} answered in {time.monotonic() - start:.2f} s.")]
