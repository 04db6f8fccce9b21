from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import configuration
import settings as settings_module
from configuration.base import EnvSettings
from settings import Settings, SettingsError, load_settings, normalise_database_url

ROOT = Path(settings_module.__file__).parent


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the developer's environment nor .env takes part."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")


def test_everything_has_a_default_and_a_description() -> None:
    settings = load_settings(Settings)
    assert settings.migrate_at_start
    assert settings.sqlite_path == ROOT / ".raw/dev/app.db"
    assert all(field.description for field in Settings.model_fields.values())


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LEASE_SECONDS=7\nOUTBOX_BATCH=3\nLOG_LEVEL=\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("OUTBOX_BATCH", "4")
    settings = load_settings(Settings)
    assert (settings.lease_seconds, settings.outbox_batch, settings.log_level) == (7, 4, "INFO")


def test_secrets_are_split_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_CODEC_KEYS", " key_one , key_two,")
    monkeypatch.setenv("DATABASE_URL", "postgres://me:hunter2@db/app")
    settings = load_settings(Settings)
    assert [secret.get_secret_value() for secret in settings.temporal_codec_keys] == ["key_one", "key_two"]
    assert "key_one" not in repr(settings)
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "mysql://me:hunter2@db/app", "DATABASE_URL is wrong: must start with sqlite+aiosqlite:///"),
        ("DATABASE_URL", "sqlite://", "DATABASE_URL is wrong: must name a file"),
        ("DATABASE_URL", "sqlite:///:memory:", "DATABASE_URL is wrong: must name a file"),
        ("DATABASE_URL", "postgresql://me:hunter2@db", "DATABASE_URL is wrong: must end with the database's name"),
        ("LEASE_SECONDS", "hunter2", "LEASE_SECONDS is wrong: input should be a valid number"),
        ("LEASE_SECONDS", "0", "LEASE_SECONDS is wrong: input should be greater than"),
        ("ENVIRONMENT", "hunter2", "ENVIRONMENT is wrong: input should be 'development' or 'production'"),
        ("LOG_LEVEL", "hunter2", "LOG_LEVEL is wrong: input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
    ],
)
def test_what_is_wrong_is_one_sentence_without_the_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings(Settings)
    assert str(caught.value).startswith(sentence)
    assert "hunter2" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEASE_SECONDS", "x")
    monkeypatch.setenv("OUTBOX_BATCH", "x")
    with pytest.raises(SettingsError) as caught:
        load_settings(Settings)
    assert [line.split()[0] for line in str(caught.value).splitlines()] == ["LEASE_SECONDS", "OUTBOX_BATCH"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("sqlite:///app.db", "sqlite+aiosqlite:///app.db"),
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://u:sslmode=@h/d?sslmode=require", "postgresql+asyncpg://u:sslmode=@h/d?ssl=require"),
    ],
)
def test_usual_urls_get_their_driver(given: str, meant: str) -> None:
    assert normalise_database_url(given) == meant


def test_every_setting_is_named_for_people() -> None:
    """In .env.example; those of a process that `raw new` made, which edits no file, on its own page in docs."""
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^(\w+)=", example, flags=re.MULTILINE))
    for page in (ROOT / "docs").glob("*.md"):
        named |= set(re.findall(r"`([A-Z][A-Z0-9_]+)`", page.read_text(encoding="utf-8")))
    kinds: set[type[EnvSettings]] = {Settings}
    for module in pkgutil.iter_modules(configuration.__path__, "configuration."):
        values = vars(importlib.import_module(module.name)).values()
        kinds |= {value for value in values if isinstance(value, type) and issubclass(value, EnvSettings)}
    assert {name.upper() for kind in kinds for name in kind.model_fields} <= named
    assert len(kinds) > len(Settings.__bases__)


def test_the_example_explains_every_line() -> None:
    blocks = re.split(r"\n\n+", (ROOT / ".env.example").read_text(encoding="utf-8").strip())
    for block in blocks:
        assert block.startswith(("#", "<")), f"no explanation above: {block}"
