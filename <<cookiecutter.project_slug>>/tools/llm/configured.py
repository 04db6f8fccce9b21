"""The model that LLM_MODEL names, as a provider; nothing heavy is imported before it is asked."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from tools.llm.errors import LlmError
from tools.llm.provider import Provider, Request

if TYPE_CHECKING:
    from configuration.llm import LlmSettings

_DRY_RUN = "RAW_NETWORK_REPORT"  # set where the network is shut
_LINE = re.compile(r"^[ \t]*(?:export[ \t]+)?LLM_MODEL[ \t]*=[ \t]*['\"]?([^\s'\"#]+)", re.MULTILINE)
_GRACE_SECONDS = 2.0


def configured() -> Provider | None:
    """Return the model that LLM_MODEL names, in the environment or else in `.env`; None when there is none.

    An empty LLM_MODEL in the environment switches off that of `.env`. In a dry run there is none.
    """
    if _DRY_RUN in os.environ:
        return None
    name = os.environ.get("LLM_MODEL")
    if name is None:
        name = _from_file()
    return Configured(name) if name else None


class Configured:
    """Answers by the model of the settings (configuration/llm.py); `name` is LLM_MODEL."""

    def __init__(self, name: str) -> None:
        self.name = name

    def answer(self, request: Request) -> BaseModel:
        """Return the model's answer, valid by `request.output_type`.

        Raises:
            LlmError: there is none.
        """
        import asyncio

        settings = _settings()
        try:
            from tools.llm import client
        except ImportError as error:
            raise LlmError(
                f"{error.name or 'pydantic_ai'} is not installed: run uv sync, or unset LLM_MODEL"
            ) from error
        result: list[BaseModel] = []
        fault: list[Exception] = []

        def work() -> None:
            try:
                result.append(asyncio.run(client.ask(settings, request)))
            except Exception as error:
                fault.append(error)

        # A thread of its own, since this one may have an event loop; a daemon, since a look-up of a host's name
        # cannot be ended.
        thread = threading.Thread(target=work, name="llm", daemon=True)
        thread.start()
        thread.join(settings.llm_timeout_seconds + _GRACE_SECONDS)
        if fault:
            raise fault[0]
        if not result:
            raise LlmError(client.too_slow(settings))
        return result[0]


def _settings() -> LlmSettings:
    try:
        from configuration.base import SettingsError, load_settings
        from configuration.llm import LlmSettings
    except ImportError as error:
        raise LlmError(f"{error.name or 'configuration'} is not installed: run uv sync, or unset LLM_MODEL") from error
    try:
        return load_settings(LlmSettings)
    except SettingsError as error:
        raise LlmError("; ".join(str(error).splitlines()).rstrip(".")) from None


def _from_file() -> str | None:
    """Return LLM_MODEL of the file that configuration/base.py reads, without that module's imports."""
    above = Path(__file__).resolve().parents[2]
    root = above if (above / "pyproject.toml").exists() else Path.cwd()
    try:
        text = Path(os.environ.get("ENV_FILE") or root / ".env").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = _LINE.findall(text)
    return found[-1] if found else None
