"""Tests of generate-report, with words of their own: run `pytest` in the project, or `pytest test.py` here."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest
import report_words
from pydantic import ValidationError
from report_models import ReportParams, ReportResult
from report_period import choose_period, key_of
from report_sample import sample_rows
from report_stages import Stages
from report_testing import NOW, PARCEL, WORDS, Page, report, row
from run import GenerateReport


@pytest.fixture(autouse=True)
def entities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "entities"
    folder.mkdir()
    (folder / "parcel.json").write_text(json.dumps(PARCEL), encoding="utf-8")
    monkeypatch.setattr(report_words, "FOLDER", folder)


@pytest.mark.parametrize(
    ("date", "first", "last"),
    [
        ("today", "2024-03-01", "2024-03-01"),
        ("yesterday", "2024-02-29", "2024-02-29"),
        ("this-week", "2024-02-26", "2024-03-03"),
        ("last-week", "2024-02-19", "2024-02-25"),
        ("last-month", "2024-02-01", "2024-02-29"),
        ("2023-12-31", "2023-12-31", "2023-12-31"),
    ],
)
def test_periods(date: str, first: str, last: str) -> None:
    now = dt.datetime(2024, 3, 1, 0, 30, tzinfo=dt.UTC)
    period = choose_period(date, None, None, now, "UTC")
    assert (period.start.date().isoformat(), (period.end - dt.timedelta(days=1)).date().isoformat()) == (first, last)
    assert period.previous_start < period.start


def test_a_day_begins_where_the_time_zone_says_and_may_last_23_hours() -> None:
    now = dt.datetime(2024, 3, 31, 22, 30, tzinfo=dt.UTC)
    day = choose_period("yesterday", None, None, now, "Europe/Berlin")
    assert day.start.isoformat() == "2024-03-31T00:00:00+01:00"
    assert day.end - dt.timedelta(0) != day.start
    assert (day.end.astimezone(dt.UTC) - day.start.astimezone(dt.UTC)) == dt.timedelta(hours=23)


@pytest.mark.parametrize(
    "wrong",
    [
        {"date": "someday"},
        {"date": "2024-02-30"},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../etc/passwd"},
        {"start": "2024-06-01"},
        {"start": "2024-06-02", "end": "2024-06-01"},
        {"entity": "ship"},
        {"rows": "no json"},
        {"rows": [{"id": "x"}]},
        {"rows": [{"id": "x", "status": "s", "created_at": "yesterday"}]},
    ],
)
def test_wrong_params_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ReportParams.model_validate(wrong)


def test_rows_may_come_as_json_text_whole_or_a_row_each() -> None:
    text = json.dumps(row("2024-06-04T01:00:00Z"))
    for given in (f"[{text}, {text}]", [text, text], [f"[{text}, {text}]"]):
        assert len(ReportParams.model_validate({"rows": given}).rows or []) == 2


def test_the_first_moment_of_a_period_is_in_it_and_the_last_is_not() -> None:
    rows = [row("2024-06-04T00:00:00Z"), row("2024-06-05T00:00:00Z"), row("2024-06-03T23:59:59Z")]
    totals = report(rows)[0].totals
    assert (totals.received, totals.received_before) == (1, 1)


def test_the_funnel_only_narrows_and_later_stages_imply_earlier_ones() -> None:
    rows = [
        row("2024-06-04T01:00:00Z"),
        row("2024-06-04T01:00:00Z", "delivered"),
        row("2024-06-04T01:00:00Z", "returned", events=[{"at": "2024-06-04T02:00:00Z", "event": "handed-over"}]),
        row("2024-06-04T01:00:00Z", "never heard of"),
    ]
    counts = [c.count for c in report(rows)[0].funnel]
    assert counts == [4, 2, 2, 1]
    for data in (report(None, date="last-week")[0], report(None, date="last-month")[0]):
        numbers = [c.count for c in data.funnel]
        assert numbers == sorted(numbers, reverse=True)
        assert numbers[0] == data.totals.received


def test_outcomes_add_up_and_open_ones_are_those_without() -> None:
    rows = [
        row("2024-06-04T01:00:00Z", status, updated_at="2024-06-04T03:00:00Z")
        for status in (*Stages(WORDS).final, "sent")
    ]
    data = report(rows)[0]
    assert sum(c.count for c in data.outcomes) == data.totals.finished == len(Stages(WORDS).final)
    assert data.totals.in_progress == 1
    assert data.totals.median_days_to_finish == pytest.approx(2 / 24, abs=0.01)


def test_a_past_period_shows_what_was_true_then() -> None:
    events = [{"at": "2024-05-01T10:00:00Z", "event": "sent"}, {"at": "2024-05-20T10:00:00Z", "event": "returned"}]
    rows = [row("2024-04-30T10:00:00Z", "returned", events=events)]
    data = report(rows, date="2024-05-02")[0]
    assert (data.totals.finished, data.totals.in_progress) == (0, 1)
    assert [(w.status, w.days) for w in data.waiting] == [("sent", 1.6)]


def test_stuck_is_what_was_not_moved_for_longer_than_that() -> None:
    events = [{"at": "2024-05-30T10:00:00Z", "event": "sent"}]
    rows = [
        row("2024-05-20T10:00:00Z"),
        row("2024-05-20T10:00:00Z", "sent", events=events),
        row("2024-05-20T10:00:00Z", "returned"),
    ]
    data, page = report(rows)
    assert (data.totals.in_progress, data.totals.stuck) == (2, 1)
    assert [(w.status, w.stuck) for w in data.waiting] == [("ordered", True), ("sent", False)]
    assert "Of 2 in progress 1 is stuck" in Page(page).text
    assert report(rows, stuck_days=4)[0].totals.stuck == 2
    assert report(rows, stuck_days=20)[0].totals.stuck == 0
    assert "none is stuck" in Page(report(rows, stuck_days=20)[1]).text


def test_a_week_says_how_each_ended_and_begins_at_midnight_there() -> None:
    # Monday begins an hour earlier in UTC once summer time has come, on 31 March 2024.
    rows = [
        row(
            "2024-03-20T10:00:00Z",
            "lost",
            events=[{"at": f"2024-03-31T{hour}:30:00Z", "event": "lost"}],
        )
        for hour in (21, 22)
    ]
    weeks = report(rows, now="2024-04-05T12:00:00Z", timezone="Europe/Berlin", date="this-week")[0].by_week
    assert [(w.week, w.outcomes["lost"], w.not_completed) for w in weeks[-2:]] == [
        ("2024-W13", 1, 1),
        ("2024-W14", 1, 1),
    ]
    assert set(weeks[0].outcomes) == set(Stages(WORDS).final)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"date": "2024-03-31", "timezone": "Europe/Berlin"}, "parcel-2024-03-31"),
        ({"date": "last-week", "now": "2024-01-03T00:00:00Z"}, "parcel-2023-12-25_2023-12-31"),
        ({"start": "2024-02-28", "end": "2024-03-01"}, "parcel-2024-02-28_2024-03-01"),
    ],
)
def test_the_key_names_the_entity_and_the_days(given: dict[str, Any], key: str) -> None:
    data = report([], **given)[0]
    assert key_of(data.entity, data.period) == key


def test_time_in_stage() -> None:
    events = [
        {"at": "2024-06-04T02:00:00Z", "event": "packed"},
        {"at": "2024-06-04T05:00:00Z", "event": "sent"},
        {"at": "2024-06-04T06:00:00Z", "event": "lost"},
    ]
    times = report([row("2024-06-04T01:00:00Z", "lost", events=events)])[0].time_in_stage
    assert [(t.stage, t.median_hours) for t in times] == [("ordered", 1.0), ("packed", 3.0), ("sent", 1.0)]


def test_weeks_reach_over_new_year() -> None:
    weeks = report([row("2024-12-31T10:00:00Z")], date="2025-01-01", now="2025-01-02T00:00:00Z")[0].by_week
    assert (weeks[-1].week, weeks[-1].monday.isoformat(), weeks[-1].received) == ("2025-W01", "2024-12-30", 1)
    assert len(weeks) == 8


def test_names_are_shown_only_on_request() -> None:
    rows = [row("2024-06-01T01:00:00Z", name="Mara Lindqvist")]
    assert "Lindqvist" not in report(rows)[1]
    assert "Lindqvist" in report(rows, show_names=True)[1]


HOSTILE = "</td><script>alert(1)</script>\"'&[/b]{{x}}"


@pytest.mark.parametrize("field", ["id", "name", "status", "depot", "group"])
def test_no_text_of_a_row_becomes_markup(field: str) -> None:
    page = report([{**row("2024-06-04T01:00:00Z"), field: HOSTILE}], show_names=True)[1]
    seen = Page(page)
    assert "script" not in seen.tags
    assert field == "name" or field == "status" or HOSTILE in seen.text
    assert "<script" not in page


def test_the_page_asks_nothing_of_the_network_and_runs_nothing() -> None:
    page = report(None, date="last-week", title=HOSTILE)[1]
    seen = Page(page)
    assert not {"script", "link", "img", "iframe", "object", "embed", "image", "use"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name in ("src", "href", "xlink:href")]
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/)", page)
    assert seen.tags.count("svg") == 4


def test_the_same_rows_give_the_same_page() -> None:
    assert report(None)[1] == report(None)[1]
    assert str(dt.date.today().year) not in report([], now="2001-02-03T00:00:00Z")[1]  # noqa: DTZ011


def test_no_rows_make_a_page_that_says_so() -> None:
    data, page = report([])
    assert data.totals.received == 0
    assert not data.sample
    assert "Nothing in this period." in Page(page).text


def test_without_rows_the_sample_is_told() -> None:
    data, page = report(None)
    assert data.sample
    assert "Sample data" in Page(page).text
    assert data.totals.received > 0


@pytest.mark.slow
def test_a_hundred_thousand_rows() -> None:
    few = sample_rows(WORDS, dt.datetime(2024, 6, 4, 12, tzinfo=dt.UTC), 1000)
    data, page = report(few * 100, date="last-week")
    small = report(few, date="last-week")[0]
    assert data.totals.rows == 100_000
    assert [c.count for c in data.funnel] == [100 * c.count for c in small.funnel]
    assert len(page) < 100_000


def test_run_saves_page_and_result_and_reads_the_clock_only_when_now_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert GenerateReport(ReportParams(id="r-1")).run() == 0
    saved = ReportResult.model_validate_json((tmp_path / "results" / "result.json").read_text(encoding="utf-8"))
    assert abs(saved.period.now - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)
    assert (saved.id, saved.answered_by, saved.files) == ("r-1", "heuristic", ["report.html"])
    assert (tmp_path / "results" / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert GenerateReport(ReportParams.model_validate({"now": NOW})).run() == 0
    again = ReportResult.model_validate_json((tmp_path / "results" / "result.json").read_text(encoding="utf-8"))
    assert again.period.now == dt.datetime(2024, 6, 4, 12, tzinfo=dt.UTC)
