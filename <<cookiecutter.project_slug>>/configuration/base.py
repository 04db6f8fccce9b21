"""What every set of settings has: where it is read from, and one plain sentence for a wrong value.

Values come from the environment, then from `.env` in the project's root, or from the file that ENV_FILE names. No
sentence ever holds a value, since many are secret.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _project_root() -> Path:
    """Return the folder above this one, or the current one where the project is installed as a package."""
    above = Path(__file__).resolve().parents[1]
    return above if (above / "pyproject.toml").exists() else Path.cwd()


ROOT = _project_root()
ENV_FILE = Path(os.environ.get("ENV_FILE") or ROOT / ".env")

Secrets = Annotated[tuple[SecretStr, ...], NoDecode]
SettingsT = TypeVar("SettingsT", bound="EnvSettings")


class SettingsError(Exception):
    """A setting is wrong; the text holds one sentence a variable and never a value."""


class EnvSettings(BaseSettings):
    """What all settings share; the name of a field in capitals is its variable."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    environment: Literal["development", "production"] = Field(
        default="development",
        description="In development what a process needs is made at its start; in production steps of their own do it.",
    )
    dev_folder: Path = Field(
        default=Path(".raw/dev"),
        description="Where mail, calls, messages and reports are written while no service is named for them.",
    )

    @field_validator("environment", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @property
    def dev_path(self) -> Path:
        """The folder of `dev_folder`; a relative one is meant from the project's root."""
        return ROOT / self.dev_folder


def split(value: object) -> object:
    """Return the parts of a comma separated text; anything else as it is."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def check_url(url: str, schemes: Sequence[str]) -> None:
    """Check that a URL has one of the schemes, a host, and a port that is a number.

    Raises:
        ValueError: it has not; the text does not repeat the URL.
    """
    example = ", ".join(f"{scheme}://" for scheme in schemes)
    try:
        parts = urlsplit(url)
        fine = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and not set(url) & set(" \t\r\n")
    except ValueError:
        fine = False
    if not fine:
        raise ValueError(f"must start with one of {example} and name a host; percent-encode special characters")


def check_secret_url(value: SecretStr | None, schemes: Sequence[str]) -> SecretStr | None:
    """Check a URL that is a secret, if there is one, and return it.

    Raises:
        ValueError: as `check_url`.
    """
    if value is not None:
        check_url(value.get_secret_value(), schemes)
    return value


def explain(error: ValidationError) -> str:
    """Say what is wrong with the settings: one sentence a variable, without values."""
    lines = []
    for fault in error.errors(include_input=False, include_url=False):
        name = str(fault["loc"][0]).upper() if fault["loc"] else "The settings"
        reason = fault["msg"].removeprefix("Value error, ")
        lines.append(f"{name} is wrong: {reason[:1].lower()}{reason[1:]}.")
    return "\n".join(lines)


def load_settings(kind: type[SettingsT]) -> SettingsT:
    """Read the settings of this kind now.

    Raises:
        SettingsError: a value is wrong.
    """
    try:
        return kind()
    except ValidationError as error:
        raise SettingsError(explain(error)) from None
