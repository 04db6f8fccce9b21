"""Settings of tools/email."""

from __future__ import annotations

from email.utils import parseaddr

from pydantic import Field, SecretStr, field_validator

from configuration.base import EnvSettings, check_secret_url


class EmailSettings(EnvSettings):
    """Where mail goes, and from whom."""

    smtp_url: SecretStr | None = Field(
        default=None,
        description="Mail server: smtp://, smtp+starttls:// or smtps://USER:PASSWORD@HOST:PORT. Empty: files.",
    )
    mail_from: str = Field(default="System <system@example.com>", description="Sender of every mail: Name <address>.")

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: SecretStr | None) -> SecretStr | None:
        return check_secret_url(value, ("smtp", "smtp+starttls", "smtps"))

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        return check_address(value)


def check_address(value: str) -> str:
    """Check that a text is a mail address, with a name or without, and return it.

    Raises:
        ValueError: it is none; the text does not repeat it.
    """
    if not value.isprintable() or not parseaddr(value)[1].rpartition("@")[0]:
        raise ValueError("must be an address, such as orders@example.com or Orders <orders@example.com>")
    return value
