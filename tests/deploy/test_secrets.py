"""`python -m charts secrets`: what it prints is what the pods need, and the system's own settings take it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from commands import charts
from conftest import SLUG, Rendered


def made(rendered: Rendered, *words: str) -> dict[str, dict[str, Any]]:
    """Return the Secrets that the command prints, by their names."""
    done = charts(rendered.folder, "secrets", *words)
    assert done.returncode == 0, done.stderr
    return {each["metadata"]["name"]: each for each in yaml.safe_load_all(done.stdout)}


def test_one_password_where_it_belongs_together(full: Rendered) -> None:
    found = made(full)
    postgres = found[f"{SLUG}-postgres"]["stringData"]
    url = f"postgresql+asyncpg://app:{postgres['APP_PASSWORD']}@{SLUG}-postgres:5432/app"
    assert postgres["DATABASE_URL"] == url
    assert len({postgres["POSTGRES_PASSWORD"], postgres["APP_PASSWORD"], postgres["TEMPORAL_PASSWORD"]}) == 3
    assert "generate:" not in str(found)


def test_fresh_each_time(full: Rendered) -> None:
    one, other = made(full), made(full)
    assert one[f"{SLUG}-secrets"]["stringData"]["API_KEYS"] != other[f"{SLUG}-secrets"]["stringData"]["API_KEYS"]
    assert one[f"{SLUG}-postgres"] != other[f"{SLUG}-postgres"]


def test_for_a_release_of_another_name(full: Rendered) -> None:
    found = made(full, "--name", f"stage-{SLUG}", "--namespace", "stage")
    assert set(found) == {f"stage-{SLUG}-secrets", f"stage-{SLUG}-postgres"}
    assert {each["metadata"]["namespace"] for each in found.values()} == {"stage"}
    assert f"@stage-{SLUG}-postgres:5432/app" in found[f"stage-{SLUG}-postgres"]["stringData"]["DATABASE_URL"]


def test_every_secret_is_a_variable_that_is_known(shapes: dict[str, Rendered]) -> None:
    """And none that the chart refuses as a plain setting is missing."""
    for shape, rendered in shapes.items():
        known = set(re.findall(r"^(\w+)=", (rendered.folder / ".env.example").read_text(), re.MULTILINE))
        secrets = set(made(rendered)[f"{SLUG}-secrets"]["stringData"])
        if "no-reports" in shape:
            secrets -= {"S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"}  # the backup's
        assert secrets <= known, shape


def test_the_systems_settings_take_them(full: Rendered, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of k8s/ and the Secrets, as the API's pod has them, are good ones for the API."""
    found = made(full)
    config = yaml.safe_load((full.folder / "k8s/config.yml").read_text())["data"]
    for name, value in (config | found[f"{SLUG}-secrets"]["stringData"]).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_URL", found[f"{SLUG}-postgres"]["stringData"]["DATABASE_URL"])
    from api.settings import ApiSettings

    settings = ApiSettings(_env_file=None)  # type: ignore[call-arg]
    assert settings.database_url.endswith(f"@{SLUG}-postgres:5432/app")
    assert settings.worker_grace_seconds == 30
    assert settings.temporal_task_queue == "main"
    assert len(settings.webhook_secrets) == 1
