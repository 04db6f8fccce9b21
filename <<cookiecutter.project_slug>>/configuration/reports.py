"""Settings of tools/reports: those of its own, and of the tools that it stores and tells with."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from configuration.base import EnvSettings, split
from configuration.email import EmailSettings, check_address
from configuration.slack import SlackSettings
from configuration.storage import StorageSettings


class ReportTimeSettings(EnvSettings):
    """Where the day of a report begins."""

    report_timezone: str = Field(
        default="UTC", description="Time zone of a report's days and weeks, such as Europe/Berlin."
    )

    @field_validator("report_timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("must be a time zone, such as Europe/Berlin or UTC") from None
        return value


class ReportSettings(ReportTimeSettings, EmailSettings, SlackSettings, StorageSettings):
    """Who is told of a report, and how long a link to it works."""

    report_emails: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), max_length=50, description="Who gets the mail about a report, comma separated. Empty: nobody."
    )
    report_link_days: int = Field(
        default=7,
        ge=1,
        le=7,
        description="How many days a link into the bucket works; seven are the most that S3 lets.",
    )

    @field_validator("report_emails", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return split(value)

    @field_validator("report_emails")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # One mail to a person, however often and by whatever name the address is given.
        people: dict[str, str] = {}
        for address in value:
            people.setdefault(parseaddr(check_address(address))[1].lower(), address)
        return tuple(people.values())
