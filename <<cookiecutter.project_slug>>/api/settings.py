"""What only the API reads, on top of what every process does; from the environment and then from `.env`."""

from __future__ import annotations

from functools import lru_cache

from pydantic import Field, field_validator

from settings import Secrets, Settings, load_settings, split


class ApiSettings(Settings):
    """Settings of a process that serves the API."""

    webhook_secrets: Secrets = Field(
        default=(),
        description="Standard Webhooks secrets (whsec_...), comma separated: the first is current, all are accepted.",
    )
    api_keys: Secrets = Field(
        default=(),
        description="Keys with every scope, comma separated, for the start; make others: python -m api keys create.",
    )
    max_body_bytes: int = Field(
        default=1_048_576, ge=1024, description="Largest request body, in bytes; more is answered 413."
    )
    poll_seconds: float = Field(
        default=1.0, gt=0, description="Pause between two looks for work, where no event told of it earlier."
    )
    submission_concurrency: int = Field(
        default=4,
        ge=0,
        le=256,
        description="Submissions that one process runs at a time; 0: none here, another process runs them.",
    )
    submission_timeout_seconds: float = Field(
        default=60.0, gt=0, description="Longest run of RAW `analyze`, in seconds."
    )
    submission_max_attempts: int = Field(default=5, ge=1, description="Runs of one submission before it is failed.")
    run_waiting: int = Field(
        default=32,
        ge=1,
        le=1024,
        description="Callers of the API that may wait for a RAW run at a time; more are answered 429.",
    )
    shutdown_seconds: float = Field(
        default=10.0, ge=0, le=600, description="How long a process that ends lets its submissions run on."
    )

    @field_validator("webhook_secrets", "api_keys", mode="before")
    @classmethod
    def _split_secrets(cls, value: object) -> object:
        return split(value)


@lru_cache(maxsize=1)
def get_settings() -> ApiSettings:
    """Return the settings of this process, read at the first call.

    Raises:
        SettingsError: a value is wrong.
    """
    return load_settings(ApiSettings)
