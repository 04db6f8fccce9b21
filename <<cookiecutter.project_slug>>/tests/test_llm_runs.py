"""Whole runs of a RAW workflow with a model, by the command and by each executor; and dry runs, without one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from raw_runtime.executors import make_executor
from raw_runtime.project import Project
from tools.llm.testing import FakeOpenAI, Reply, fake_openai

pytestmark = pytest.mark.slow

TEXT = "My order NW-20417 arrived broken, the bill is wrong too. Write to jo@example.com or call +49 30 1234567.\n"
ANALYSIS = {
    "category": "billing",
    "confidence": 0.9,
    "reasons": [],
    "alternatives": [],
    "urgency": "normal",
    "urgency_reasons": [],
    "language": "en",
    "language_confidence": 1.0,
    "summary": "A bill is wrong.",
    "entities": [{"kind": "order", "text": "NW-20417", "value": "NW-20417"}],
}


@pytest.fixture
def as_dry() -> bool:
    """A dry run asks no model; these workflows read no database, since they are given their texts."""
    return False


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    with fake_openai() as running:
        for name, value in running.settings().items():
            monkeypatch.setenv(name.upper(), str(value))
        running.say(Reply(ANALYSIS))
        yield running


def the_model_s(result: Any, server: FakeOpenAI) -> None:
    assert result["answer_reason"] == "model:openai:small is in use."
    assert {key: result[key] for key in ANALYSIS} == ANALYSIS
    said = json.dumps(server.requests)
    assert "Write to [email] or call" in said
    for private in ("jo@example.com", "1234567"):
        assert private not in said


def test_by_the_command(raw_run: Callable[..., Any], server: FakeOpenAI) -> None:
    run = raw_run("analyze", params={"text": TEXT})
    assert run.code == 0, run.stderr
    the_model_s(run.result, server)
    assert server.key not in run.stderr
    for file in Path(run.document["run_dir"]).rglob("*"):
        assert not file.is_file() or server.key not in file.read_text(errors="replace")


def test_the_settings_of_a_file(
    raw_run: Callable[..., Any], server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in server.settings():
        monkeypatch.delenv(name.upper())
    (tmp_path / "some.env").write_text("".join(f"{k.upper()}={v}\n" for k, v in server.settings().items()))
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "some.env"))
    assert raw_run("analyze").result["answered_by"] == "model:openai:small"


def test_a_failure_leaves_the_heuristic_s_result(raw_run: Callable[..., Any], server: FakeOpenAI) -> None:
    server.say(Reply(status=401))
    run = raw_run("analyze", params={"text": TEXT})
    assert run.code == 0, run.stderr
    assert run.result["answered_by"] == "heuristic"
    assert run.result["answer_reason"] == (
        "model:openai:small gave no usable answer: its key is refused (401): check LLM_API_KEY."
    )
    assert run.result["entities"]


@pytest.mark.parametrize("kind", ["pool", "inprocess", "subprocess"])
def test_by_each_executor(project: Path, server: FakeOpenAI, kind: str) -> None:
    async def runs() -> list[Any]:
        executor = make_executor(kind, Project(project))
        try:
            return [(await executor.run("analyze", {"text": TEXT})).result for _ in range(2)]
        finally:
            await executor.aclose()

    for result in asyncio.run(runs()):
        the_model_s(result, server)
    assert len(server.requests) == 2


def test_a_dry_run_asks_no_model(raw_run: Callable[..., Any], server: FakeOpenAI) -> None:
    run = raw_run("analyze", "--dry")
    assert run.code == 0, run.stderr
    assert server.requests == []
