"""The settings of the hiring process: what is wrong is one sentence, as of any other setting."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from configuration.base import SettingsError, load_settings
from configuration.hiring import HiringSettings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the developer's environment nor .env takes part."""
    for name in HiringSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(HiringSettings.model_config, "env_file", tmp_path / ".env")


def test_everything_has_a_default_and_a_description() -> None:
    assert load_settings(HiringSettings).hiring_schedule_limit == timedelta(days=7)
    assert all(field.description for field in HiringSettings.model_fields.values())


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SCHEDULING_URL", "javascript:hunter2", "SCHEDULING_URL is wrong: must start with one of http://"),
        ("RECRUITER_EMAIL", "@hunter2", "RECRUITER_EMAIL is wrong: must be an address"),
        ("HIRING_CALL_ATTEMPTS", "hunter2", "HIRING_CALL_ATTEMPTS is wrong: input should be a valid integer"),
        ("HIRING_CALL_RETRY", "PT0S", "HIRING_CALL_RETRY is wrong: input should be greater than"),
    ],
)
def test_what_is_wrong_is_one_sentence_without_the_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings(HiringSettings)
    assert str(caught.value).startswith(sentence)
    assert "hunter2" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
