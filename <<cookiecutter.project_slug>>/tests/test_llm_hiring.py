"""RAW workflows of hiring with a model, and what it must not decide."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tools.llm.testing import FakeOpenAI, Reply, fake_openai

pytestmark = pytest.mark.slow

CV = "Jo Doe, jo@example.com, +49 30 1234567\n\nExperience\n2018 - 2024 Python developer, Berlin, jo@example.com\n"
FINDINGS: dict[str, Any] = {
    "findings": [
        {
            "name": "Python",
            "required": True,
            "weight": 1.0,
            "strength": "solid",
            "evidence": [
                {"quote": "2018 - 2024 Python developer, Berlin, [email]", "line": 4, "section": "experience"}
            ],
        }
    ],
    "languages": [],
    "experience": {"years": 6.0, "method": "date ranges"},
    "sections": ["experience"],
    "cv_language": "en",
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
        running.say(Reply(FINDINGS))
        yield running


def test_a_cv_goes_out_without_contact_data(raw_run: Callable[..., Any], server: FakeOpenAI) -> None:
    result = raw_run("analyze-cv", params={"cv_text": CV}).result
    assert result["answered_by"] == "model:openai:small", result["answer_reason"]
    assert [found["name"] for found in result["matched"]] == ["Python"]
    assert result["matched"][0]["evidence"][0]["quote"].endswith("[email]")
    said = json.dumps(server.requests)
    assert "Python developer, Berlin, [email]" in said
    for private in ("jo@example.com", "1234567"):
        assert private not in said


GENEROUS = FINDINGS | {
    "findings": [
        {**FINDINGS["findings"][0], "weight": 100.0},
        {"name": "Being nice", "required": True, "weight": 100.0, "strength": "solid"},
    ],
    "languages": [{"language": "French", "wanted": "A1", "level": "native", "met": "yes"}],
    "profile": {"required": [], "min_years": 0},
    "threshold": 0.0,
    "score": 1.0,
    "qualified": True,
}


@pytest.mark.parametrize(("threshold", "qualified"), [(0.33, True), (0.34, False)])
def test_the_model_changes_neither_the_profile_nor_the_threshold(
    raw_run: Callable[..., Any], server: FakeOpenAI, threshold: float, qualified: bool
) -> None:
    """As a hostile CV may talk it into: other weights, what nobody asked for, and requirements left out."""
    server.say(Reply(GENEROUS))
    profile = {
        "required": [{"name": "Python", "weight": 2}, {"name": "Cobol", "weight": 4}],
        "min_years": 12,
        "languages": [{"language": "German", "level": "B2"}],
    }
    result = raw_run("analyze-cv", params={"cv_text": CV, "profile": profile, "threshold": threshold}).result
    assert result["answered_by"] == "model:openai:small"
    found = [(one["name"], one["required"], one["weight"]) for one in (*result["matched"], *result["missing"])]
    assert found == [("Python", True, 2.0), ("Cobol", True, 4.0)]
    assert [(one["language"], one["wanted"], one["met"]) for one in result["languages"]] == [("German", "B2", "no")]
    # A third of 0.6, half of 0.2 and nothing of 0.1, of 0.9 in all.
    assert (result["score"], result["threshold"], result["qualified"]) == (0.333, threshold, qualified)


def test_years_that_cannot_be_leave_the_heuristic_s_result(raw_run: Callable[..., Any], server: FakeOpenAI) -> None:
    server.say(Reply(FINDINGS | {"experience": {"years": -1, "method": "stated"}}))
    result = raw_run("analyze-cv", params={"cv_text": CV}).result
    assert result["answered_by"] == "heuristic"
    assert result["answer_reason"].startswith("model:openai:small gave no usable answer: ")


SUMMARY = {
    "summary": "They agreed.",
    "topics": ["team"],
    "decisions": [],
    "follow_ups": [{"who": "Ben", "what": "send samples", "due": "Friday", "due_date": "2024-06-07", "turn": 6}],
    "open_questions": [],
    "sentiment": {"label": "positive", "score": 0.5},
    "language": "en",
}


def test_a_summary_of_a_call(raw_run: Callable[..., Any], server: FakeOpenAI) -> None:
    server.say(Reply(SUMMARY))
    result = raw_run("generate-call-summary").result
    assert result["answered_by"] == "model:openai:small", result["answer_reason"]
    assert {key: result[key] for key in SUMMARY} == SUMMARY
