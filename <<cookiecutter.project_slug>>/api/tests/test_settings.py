from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.settings import ApiSettings
from settings import ROOT, SettingsError, load_settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the developer's environment nor .env takes part."""
    for name in ApiSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(ApiSettings.model_config, "env_file", tmp_path / ".env")


def test_everything_has_a_default_a_description_and_a_line_in_the_example() -> None:
    assert load_settings(ApiSettings).webhook_secrets == ()
    assert all(field.description for field in ApiSettings.model_fields.values())
    named = re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert {name.upper() for name in ApiSettings.model_fields} <= set(named)


def test_what_every_process_reads_is_read_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LEASE_SECONDS=7\nPOLL_SECONDS=3\n")
    monkeypatch.setenv("POLL_SECONDS", "4")
    settings = load_settings(ApiSettings)
    assert (settings.lease_seconds, settings.poll_seconds) == (7, 4)


def test_secrets_are_split_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRETS", " whsec_one , whsec_two,")
    settings = load_settings(ApiSettings)
    assert [secret.get_secret_value() for secret in settings.webhook_secrets] == ["whsec_one", "whsec_two"]
    assert "whsec_one" not in repr(settings)


def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEASE_SECONDS", "hunter2")
    monkeypatch.setenv("SUBMISSION_CONCURRENCY", "hunter2")
    with pytest.raises(SettingsError) as caught:
        load_settings(ApiSettings)
    assert [line.split()[0] for line in str(caught.value).splitlines()] == ["LEASE_SECONDS", "SUBMISSION_CONCURRENCY"]
    assert "hunter2" not in str(caught.value)
