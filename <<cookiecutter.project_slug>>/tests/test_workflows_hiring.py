"""The RAW workflows of hiring, through the `raw` command; what holds of all is in test_workflows.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RawRun = Callable[..., Any]
PROJECT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("workflow", "params", "named"),
    [
        ("analyze-cv", {"threshold": 2}, "threshold"),
        ("analyze-cv", {"profile": {"required": [{"nam": "x"}]}}, "profile"),
        ("analyze-cv", {"as_of": "tomorrow"}, "as_of"),
        ("generate-call-summary", {"call_date": "2024-02-30"}, "call_date"),
    ],
)
def test_wrong_params_are_named(workflow: str, params: dict[str, Any], named: str, raw_run: RawRun) -> None:
    done = raw_run(workflow, params=params)
    assert done.code == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cv_gives_its_evidence(raw_run: RawRun) -> None:
    cv = (PROJECT / ".raw/workflows/analyze-cv/mocks/senior.txt").read_text(encoding="utf-8")
    done = raw_run("analyze-cv", "--as-of", "2024-06-15", params={"cv_text": cv})
    assert done.result["qualified"] is True
    assert done.result["years_of_experience"] == 10.1
    for found in done.result["matched"]:
        for evidence in found["evidence"]:
            assert evidence["line"] <= cv.count("\n") + 1
    assert "adaeze@example.com" not in json.dumps(done.result)
