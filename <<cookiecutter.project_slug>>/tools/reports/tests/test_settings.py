"""The settings of a report, its checks, and what the doctor says of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from configuration.base import ROOT, SettingsError, load_settings
from configuration.reports import ReportSettings
from tools import reports
from tools.reports import doctor
from tools.reports.tests.conftest import Make, report

pytestmark = pytest.mark.anyio

BUCKET = {"s3_bucket": "reports", "s3_access_key_id": "K", "s3_secret_access_key": "s"}
SMTP = {"smtp_url": "smtp://127.0.0.1:1"}


def test_everything_has_a_default_a_description_and_a_line_in_the_example(make: Make) -> None:
    settings = make()
    assert (settings.report_timezone, settings.report_emails, settings.report_link_days) == ("UTC", (), 7)
    assert all(field.description for field in ReportSettings.model_fields.values())
    named = re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), flags=re.MULTILINE)
    # ENVIRONMENT is for the shapes that have processes.
    assert {name.upper() for name in ReportSettings.model_fields} - {"ENVIRONMENT"} <= set(named)


def test_addresses_are_split_and_each_person_is_told_once(make: Make) -> None:
    settings = make(report_emails=" Ann <ann@example.com>, bob@example.com,, ANN@example.com ")
    assert settings.report_emails == ("Ann <ann@example.com>", "bob@example.com")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("REPORT_TIMEZONE", "Mars/Olympus", "REPORT_TIMEZONE is wrong: must be a time zone, such as Europe/Berlin"),
        ("REPORT_TIMEZONE", "../etc/passwd", "REPORT_TIMEZONE is wrong: must be a time zone, such as Europe/Berlin"),
        ("REPORT_TIMEZONE", "Europe", "REPORT_TIMEZONE is wrong: must be a time zone, such as Europe/Berlin"),
        ("REPORT_EMAILS", "ann@example.com, hunter2", "REPORT_EMAILS is wrong: must be an address"),
        ("REPORT_LINK_DAYS", "8", "REPORT_LINK_DAYS is wrong: input should be less than or equal to 7"),
        ("REPORT_LINK_DAYS", "0", "REPORT_LINK_DAYS is wrong: input should be greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_nothing_is_stored(
    name: str, value: str, sentence: str, make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make()
    monkeypatch.setitem(ReportSettings.model_config, "env_file", None)
    monkeypatch.setenv("DEV_FOLDER", str(tmp_path / "dev"))
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        load_settings(ReportSettings)
    with pytest.raises(reports.ReportError, match=f"not stored: {re.escape(sentence)}") as caught:
        reports.publish(report())
    assert "hunter2" not in str(caught.value)
    assert not (tmp_path / "dev").exists()


def test_the_time_zone_is_read_alone(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    make()
    monkeypatch.setenv("SMTP_URL", "wrong")
    monkeypatch.setenv("REPORT_TIMEZONE", "Europe/Berlin")
    assert reports.timezone() == "Europe/Berlin"
    monkeypatch.setenv("REPORT_TIMEZONE", "Berlin")
    with pytest.raises(reports.ReportError, match=r"^REPORT_TIMEZONE is wrong: must be a time zone"):
        reports.timezone()


def test_a_dry_run_publishes_nothing_and_knows_no_zone(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = make()
    monkeypatch.setenv("RAW_NETWORK_REPORT", str(tmp_path / "network"))
    monkeypatch.setenv("REPORT_TIMEZONE", "Europe/Berlin")
    assert reports.timezone() == "UTC"
    with pytest.raises(reports.ReportError, match="Nothing is published in a dry run"):
        reports.publish(report(), settings=settings)
    assert not (tmp_path / "dev").exists()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"key": "../2026"}, "key is none: use up to 60 letters"),
        ({"key": ""}, "key is none"),
        ({"key": "a.b"}, "key is none"),
        ({"key": "2026-11-25\n"}, "key is none"),
        ({"title": " "}, "title is empty"),
        ({"title": "x" * 201}, "title is too long: it may have 200 characters"),
        ({"headline": ""}, "headline is empty"),
        ({"page": b""}, "page is empty"),
        ({"data": b""}, "data is empty"),
    ],
)
def test_a_report_that_cannot_be_one(changed: dict[str, Any], sentence: str, make: Make, tmp_path: Path) -> None:
    with pytest.raises(reports.ReportError, match=f"^{re.escape(sentence)}") as caught:
        reports.publish(report(**changed), settings=make())
    assert not caught.value.stored
    assert not (tmp_path / "dev").exists()


@pytest.mark.parametrize(
    ("given", "kind", "detail"),
    [
        ({}, "default", "REPORT_EMAILS and SLACK_WEBHOOK_URL are empty: reports are kept in "),
        (
            {"report_emails": "ann@example.com,bob@example.com", **BUCKET},
            "configured",
            "2 by mail; it is kept in the b",
        ),
        ({"slack_webhook_url": "https://hooks.slack.com/x"}, "configured", "Told of a report: Slack; it is kept in "),
        ({"report_emails": "a@example.com,hun ter2 x@y"}, "broken", "Address 2 of REPORT_EMAILS is no mail address"),
    ],
)
def test_the_state_says_who_is_told(given: dict[str, Any], kind: str, detail: str, make: Make) -> None:
    state = doctor.state(make(**given))
    assert state.kind == kind
    assert detail in state.detail
    assert "example.com," not in state.detail


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, []),
        ({"report_emails": "a@example.com"}, []),
        ({"report_emails": "a@example.com", **SMTP}, [(False, "files of this machine", "Set S3_BUCKET")]),
        ({"slack_webhook_url": "https://x.example"}, [(False, "files of this machine", "Set S3_BUCKET")]),
        ({"report_emails": "a@example.com", **SMTP, **BUCKET}, [(True, "can be made, for 7 days", "")]),
        ({**BUCKET, "report_link_days": 1}, [(True, "can be made, for 1 day.", "")]),
        (
            {"report_emails": "a@example.com", "environment": "production", **BUCKET},
            [(False, "Mails about reports become files", "Set SMTP_URL"), (True, "can be made", "")],
        ),
    ],
)
async def test_the_doctor_sees_whether_people_can_open_it(
    given: dict[str, Any], found: list[tuple[bool, str, str]], make: Make
) -> None:
    findings = await doctor.check(make(**given))
    assert [finding.ok for finding in findings] == [ok for ok, _, _ in found]
    for finding, (_, detail, remedy) in zip(findings, found, strict=True):
        assert detail in finding.detail
        assert remedy in finding.remedy
