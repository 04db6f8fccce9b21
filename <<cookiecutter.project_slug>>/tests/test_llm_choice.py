"""When the model of LLM_MODEL is asked at all, and what it must not cost where it is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from configuration.base import SettingsError, load_settings
from configuration.llm import LlmSettings
from raw_runtime import BaseWorkflow
from tools import llm
from tools.mocks.tool import play

ROOT = Path(llm.__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("LLM_MODEL", "gpt-5", "LLM_MODEL is wrong: must be PROVIDER:MODEL, such as openai:gpt-5-mini."),
        (
            "LLM_BASE_URL",
            "localhost",
            "LLM_BASE_URL is wrong: must start with one of http://, https:// and name a host",
        ),
        ("LLM_BASE_URL", "http://me:hunter2@h/v1", "LLM_BASE_URL is wrong: it must hold no user and password"),
        ("LLM_MAX_COST_USD", "0", "LLM_MAX_COST_USD is wrong: input should be greater than 0."),
        ("LLM_OUTPUT", "hunter2", "LLM_OUTPUT is wrong: input should be 'tool', 'json' or 'text'."),
    ],
)
def test_a_wrong_setting_is_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings(LlmSettings)
    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)


def in_use(registry: llm.Registry) -> str | None:
    return None if registry.current is None else registry.current.name


def by_file(monkeypatch: pytest.MonkeyPatch, text: str, folder: Path) -> str | None:
    (folder / "some.env").write_text(text)
    monkeypatch.setenv("ENV_FILE", str(folder / "some.env"))
    return in_use(llm.Registry())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A=1\nLLM_MODEL=openai:m\n", "openai:m"),
        ("export LLM_MODEL = 'openai:m' # why\n", "openai:m"),
        ("LLM_MODEL=\nLLM_RETRIES=1\n", None),
        ("# LLM_MODEL=openai:m\n", None),
        ("LLM_MODEL=openai:a\nLLM_MODEL=openai:b\n", "openai:b"),
    ],
)
def test_the_model_of_the_file_is_in_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, name: str | None
) -> None:
    monkeypatch.delenv("LLM_MODEL")
    assert by_file(monkeypatch, text, tmp_path) == name


def test_what_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = "LLM_MODEL=openai:file\n"
    monkeypatch.setenv("LLM_MODEL", "openai:environment")
    assert by_file(monkeypatch, file, tmp_path) == "openai:environment"
    monkeypatch.setenv("LLM_MODEL", "")
    assert by_file(monkeypatch, file, tmp_path) is None, "empty in the environment: off"
    monkeypatch.delenv("LLM_MODEL")
    monkeypatch.setenv("RAW_NETWORK_REPORT", str(tmp_path / "report"))
    assert by_file(monkeypatch, file, tmp_path) is None, "a dry run"
    monkeypatch.delenv("RAW_NETWORK_REPORT")
    monkeypatch.setenv("LLM_MODEL", "openai:environment")
    registry = llm.Registry()
    with registry.using(None):
        assert in_use(registry) is None
    assert in_use(registry) == "openai:environment", "as before"
    assert isinstance(registry.current, llm.Provider)
    registry.use(None)
    assert in_use(registry) is None


def test_the_project_s_own_tests_ask_no_model() -> None:
    assert llm.registry.current is None


def test_mocks_are_played_without_a_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Params(BaseModel):
        text: str = ""

    class Asks(BaseWorkflow[Params]):
        def run(self) -> int:
            current = llm.registry.current
            self.save("result.json", {"model": None if current is None else current.name})
            return 0

    monkeypatch.setenv("LLM_MODEL", "openai:m")
    (tmp_path / "one.json").write_text('{"params": {}, "expect": {"model": null}}')
    assert play(Asks, tmp_path) == 0


@pytest.mark.slow
def test_nothing_heavy_is_imported_before_a_model_is_asked() -> None:
    code = (
        "import sys; from tools import llm; llm.registry.current; "
        "print([m for m in ('asyncio', 'pydantic_ai', 'openai', 'pydantic_settings') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_where_the_client_is_missing_the_heuristic_answers_and_says_why(tmp_path: Path) -> None:
    code = """
import sys
for name in ("pydantic_ai", "openai"):
    sys.modules[name] = None
from pydantic import BaseModel
from tools import llm
class Q(BaseModel):
    text: str = ""
print(llm.answer(task="t", inputs=Q(), output_type=Q, heuristic=lambda q: q).reason)
"""
    env = {"LLM_MODEL": "openai:m", "PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "model:openai:m gave no usable answer: pydantic_ai is not installed: run uv sync, or unset LLM_MODEL.\n"
    )
