"""Settings of tools/telephony."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from configuration.base import EnvSettings, check_url


class TelephonySettings(EnvSettings):
    """The account that calls are placed with."""

    twilio_account_sid: str | None = Field(
        default=None,
        pattern=r"^AC[0-9a-fA-F]{32}$",
        description="Twilio's account (AC and 32 hex digits), for calls. Empty: they are written to files.",
    )
    twilio_auth_token: SecretStr | None = Field(
        default=None, description="Twilio's auth token: makes calls, and signs its callbacks, else they are refused."
    )
    twilio_from_number: str | None = Field(
        default=None, pattern=r"^\+[1-9][0-9]{6,14}$", description="Number that calls come from, such as +4930901820."
    )
    twilio_api_url: str | None = Field(
        default=None, description="Another address of Twilio's API, for tests and proxies. Empty: Twilio's own."
    )

    @field_validator("twilio_api_url")
    @classmethod
    def _api(cls, value: str | None) -> str | None:
        if value is not None:
            check_url(value, ("http", "https"))
        return value
