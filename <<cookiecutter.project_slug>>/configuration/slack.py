"""Settings of tools/slack."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from configuration.base import EnvSettings, check_secret_url


class SlackSettings(EnvSettings):
    """Where messages go."""

    slack_webhook_url: SecretStr | None = Field(
        default=None, description="Slack's incoming webhook. Empty: messages are written to a file."
    )

    @field_validator("slack_webhook_url")
    @classmethod
    def _webhook(cls, value: SecretStr | None) -> SecretStr | None:
        return check_secret_url(value, ("http", "https"))
