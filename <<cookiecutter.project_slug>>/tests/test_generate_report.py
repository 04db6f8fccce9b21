"""The report end to end, through the `raw` command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RawRun = Callable[..., Any]
HOSTILE = "</td><script>alert(1)</script>[/b]{{x}}"


def test_todays_report_needs_nothing_but_the_date(raw_run: RawRun) -> None:
    done = raw_run("generate-report", "--date=today")
    assert done.code == 0, done.stderr
    assert done.document is not None
    assert done.result["sample"] is True
    assert set(done.document["artifacts"]) == {"results/report.html", "results/result.json"}


def test_rows_become_figures_and_a_page_and_their_text_stays_text(raw_run: RawRun) -> None:
    row = {"id": HOSTILE, "name": HOSTILE, "status": HOSTILE, "group": HOSTILE, "created_at": "2024-06-04T01:00:00Z"}
    done = raw_run("generate-report", params={"rows": [row], "now": "2024-06-04T12:00:00Z", "title": HOSTILE})
    assert done.code == 0, done.stderr
    assert done.result["totals"]["received"] == 1
    assert "alert(1)" not in done.stderr
    assert done.document is not None
    page = (Path(done.document["run_dir"]) / "results/report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.slow
def test_no_rows_are_no_error(raw_run: RawRun) -> None:
    done = raw_run("generate-report", params={"rows": [], "now": "2024-06-04T12:00:00Z"})
    assert done.code == 0
    assert done.result["totals"]["received"] == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"date": "someday"}, "date"),
        ({"rows": [{"id": "x", "status": "y"}]}, "created_at"),
        ({"timezone": "Mars"}, "timezone"),
        ({"start": "2024-06-02", "end": "2024-06-01"}, "end must not be before start"),
    ],
)
def test_wrong_params_are_named(params: dict[str, Any], named: str, raw_run: RawRun) -> None:
    done = raw_run("generate-report", params=params)
    assert done.code == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr
