"""Settings of the hiring process."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

from pydantic import Field, field_validator

from configuration.base import EnvSettings, check_url, load_settings
from configuration.email import check_address


class HiringSettings(EnvSettings):
    """How long a hiring process that starts now waits for what, and whom it tells."""

    hiring_schedule_reminder: timedelta = Field(
        default=timedelta(days=3), gt=timedelta(0), description="Wait for a call's date before the reminder."
    )
    hiring_schedule_limit: timedelta = Field(
        default=timedelta(days=7), gt=timedelta(0), description="Longest wait for a call's date; then: expired."
    )
    hiring_call_limit: timedelta = Field(
        default=timedelta(hours=2),
        gt=timedelta(0),
        description="Longest wait for a call's end; then it counts as missed.",
    )
    hiring_call_retry: timedelta = Field(
        default=timedelta(hours=4), gt=timedelta(0), description="Pause after a missed call."
    )
    hiring_call_attempts: int = Field(default=3, ge=1, le=10, description="Calls in all before: no_show.")
    hiring_transcript_limit: timedelta = Field(
        default=timedelta(minutes=30), gt=timedelta(0), description="Longest wait for a transcript after a call."
    )
    hiring_decision_escalation: timedelta = Field(
        default=timedelta(days=2), gt=timedelta(0), description="Wait for a decision before Slack is told."
    )
    hiring_decision_limit: timedelta = Field(
        default=timedelta(days=7), gt=timedelta(0), description="Longest wait for a decision; then: expired."
    )

    recruiter_email: str | None = Field(default=None, description="Who is told of withdrawals, by mail.")
    scheduling_url: str = Field(
        default="https://example.com/book?candidate={candidate_id}",
        description="Page where a candidate chooses a time for the call; {candidate_id} in it is filled in.",
    )

    @field_validator("recruiter_email")
    @classmethod
    def _recruiter(cls, value: str | None) -> str | None:
        return None if value is None else check_address(value)

    @field_validator("scheduling_url")
    @classmethod
    def _booking(cls, value: str) -> str:
        check_url(value, ("http", "https"))
        return value


@lru_cache(maxsize=1)
def hiring_settings() -> HiringSettings:
    """Return the settings of this process, read at the first call.

    Raises:
        SettingsError: a value is wrong.
    """
    return load_settings(HiringSettings)
