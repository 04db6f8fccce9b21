"""The settings of the system: those of every tool, and those of the database and the processes.

Nothing is read at import time. `get_settings()` reads once; a wrong value is told in one plain sentence that names the
variable. Where values come from, see configuration/base.py.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from configuration.base import (
    ENV_FILE,
    ROOT,
    Secrets,
    SettingsError,
    SettingsT,
    check_url,
    explain,
    load_settings,
    split,
)
from configuration.email import EmailSettings
from configuration.llm import LlmSettings
from configuration.slack import SlackSettings
from configuration.telephony import TelephonySettings
from configuration.tracing import TracingSettings

__all__ = [
    "DEFAULT_DATABASE_URL",
    "ENV_FILE",
    "ROOT",
    "Secrets",
    "Settings",
    "SettingsError",
    "SettingsT",
    "check_url",
    "explain",
    "get_settings",
    "load_settings",
    "normalise_database_url",
    "split",
]

DEFAULT_DATABASE_URL = "sqlite+aiosqlite:///.raw/dev/app.db"


class Settings(EmailSettings, LlmSettings, SlackSettings, TelephonySettings, TracingSettings):
    """What every process of the system reads; the name of a field in capitals is its variable."""

    environment: Literal["development", "production"] = Field(
        default="development",
        description="In development processes migrate their database at start, and a worker prepares its Temporal "
        "server; in production `python -m db migrate` and `python -m workflows.temporal setup` do.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Lowest level that is logged: DEBUG, INFO, WARNING or ERROR."
    )
    public_url: str | None = Field(
        default=None,
        description="URL under which senders reach us, without a path. Twilio signs it, so set it behind a proxy.",
    )

    database_url: str = Field(
        default=DEFAULT_DATABASE_URL,
        repr=False,
        description="sqlite+aiosqlite:///FILE (relative to the project) or postgresql+asyncpg://USER:PASSWORD@HOST/NAME.",
    )
    test_database_url: str | None = Field(
        default=None,
        repr=False,
        description="A PostgreSQL server (any database on it) where the tests make and drop databases.",
    )
    database_pool_size: int = Field(default=10, ge=1, le=200, description="Connections that one process keeps open.")
    database_max_overflow: int = Field(
        default=5, ge=0, le=200, description="Further connections at peak, PostgreSQL only."
    )
    database_timeout_seconds: float = Field(
        default=10.0,
        gt=0,
        le=300,
        description="Longest wait for a connection or for SQLite's write lock, before the database counts as away.",
    )

    lease_seconds: float = Field(
        default=60.0,
        ge=1,
        description="How long a row belongs to the process that took it, unless that process extends it.",
    )
    outbox_batch: int = Field(default=50, ge=1, le=1000, description="Outbox entries that one look takes.")
    outbox_max_attempts: int = Field(
        default=20, ge=1, description="Deliveries of one outbox entry before it is parked."
    )
    backoff_seconds: float = Field(
        default=1.0, gt=0, description="First pause after a failure; it doubles with each further one."
    )
    backoff_max_seconds: float = Field(default=300.0, gt=0, description="Longest pause after a failure.")

    temporal_task_queue: str = Field(
        default="main", min_length=1, description="Task queue that workers listen on and processes are started on."
    )
    temporal_codec_keys: Secrets = Field(
        default=(),
        description="Keys (base64 of 32 bytes, comma separated) that encrypt what Temporal stores: the first encrypts, "
        "all decrypt. Empty: plain JSON.",
    )
    temporal_ui_url: str = Field(
        default="http://localhost:8233",
        description="Where people open Temporal's web UI: the one origin from which browsers may use /codec.",
    )
    temporal_deployment_name: str | None = Field(
        default=None,
        min_length=1,
        description="Worker Versioning: the deployment; set it and the build id, or neither.",
    )
    temporal_worker_build_id: str | None = Field(
        default=None, min_length=1, description="Worker Versioning: which build this worker is."
    )
    worker_health_port: int = Field(
        default=8081, ge=0, le=65535, description="Port of the worker's /livez, /readyz and /metrics; 0: none."
    )
    worker_health_host: str = Field(default="127.0.0.1", description="Address of the same; 0.0.0.0 in a container.")
    worker_grace_seconds: float = Field(
        default=30.0, ge=0, le=600, description="How long a worker that ends lets its activities run on."
    )
    worker_activities: int = Field(
        default=50, ge=1, le=1000, description="Activities that one worker runs at a time, RAW runs among them."
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.strip().upper() if isinstance(value, str) else value

    @field_validator("temporal_codec_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return split(value)

    @field_validator("database_url", "test_database_url")
    @classmethod
    def _database(cls, value: str | None) -> str | None:
        return None if value is None else normalise_database_url(value)

    @field_validator("temporal_ui_url")
    @classmethod
    def _web(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            good = False
        if not good:
            raise ValueError("must be a URL such as http://localhost:8233")
        return value

    @property
    def temporal_ui_origin(self) -> str:
        """The origin of TEMPORAL_UI_URL, as browsers send it."""
        parts = urlsplit(self.temporal_ui_url)
        plain = {"http": 80, "https": 443}[parts.scheme]
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, plain) else "")

    @property
    def migrate_at_start(self) -> bool:
        """Whether a process that opens the database brings its schema up to date first."""
        return self.environment == "development"

    @property
    def uses_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.database_url.startswith("sqlite")

    @property
    def sqlite_path(self) -> Path:
        """The SQLite file; a relative one is meant from the project's root, whatever the current folder is."""
        return ROOT / self.database_url.partition(":///")[2].partition("?")[0]


def normalise_database_url(url: str) -> str:
    """Return the URL with its async driver.

    Raises:
        ValueError: it names no file, or neither SQLite nor PostgreSQL; the text does not repeat the URL.
    """
    scheme, separator, rest = url.strip().partition("://")
    drivers = {
        "sqlite": "sqlite+aiosqlite",
        "sqlite+aiosqlite": "sqlite+aiosqlite",
        "postgres": "postgresql+asyncpg",
        "postgresql": "postgresql+asyncpg",
        "postgresql+asyncpg": "postgresql+asyncpg",
    }
    if not separator or scheme not in drivers:
        raise ValueError("must start with sqlite+aiosqlite:/// or postgresql+asyncpg://")
    driver = drivers[scheme]
    if driver.startswith("sqlite"):
        path = rest.removeprefix("/").partition("?")[0]
        if not rest.startswith("/") or not path or path == ":memory:":
            raise ValueError("must name a file, such as sqlite+aiosqlite:///.raw/dev/app.db: memory is not shared")
    elif not rest.partition("/")[2].partition("?")[0]:
        raise ValueError("must end with the database's name, as in postgresql+asyncpg://USER:PASSWORD@HOST:5432/NAME")
    else:
        base, question, query = rest.partition("?")
        rest = base + question + query.replace("sslmode=", "ssl=")  # libpq's word, which asyncpg does not know
    return f"{driver}://{rest}"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process, read at the first call.

    Raises:
        SettingsError: a value is wrong.
    """
    return load_settings(Settings)
