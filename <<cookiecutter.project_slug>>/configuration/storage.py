"""Settings of tools/storage."""

from __future__ import annotations

from typing import TypeVar

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from configuration.base import EnvSettings, check_url

Value = TypeVar("Value")


class StorageSettings(EnvSettings):
    """The bucket that objects are kept in."""

    s3_endpoint_url: str | None = Field(
        default=None,
        description="Address of an S3-compatible server, such as https://s3.example.com. Empty: Amazon's own.",
    )
    s3_region: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="Region of the bucket. Empty: AWS_REGION, else us-east-1.",
    )
    s3_access_key_id: str | None = Field(
        default=None,
        pattern=r"^[!-~]+$",
        description="Access key. Empty: the platform's own identity (a role of the pod, task or machine, or AWS_...).",
    )
    s3_secret_access_key: SecretStr | None = Field(
        default=None, validate_default=True, description="Secret of the access key; both or neither."
    )
    s3_bucket: str | None = Field(
        default=None,
        validate_default=True,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$",
        description="Bucket that objects are kept in. Empty: they are files in DEV_FOLDER/storage.",
    )
    s3_prefix: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)?$",
        max_length=200,
        description="Folder in the bucket that all keys are put under, such as orders/production. Empty: none.",
    )
    s3_public_url: str | None = Field(
        default=None,
        description="Address under which people reach S3_ENDPOINT_URL; links are made for it. Empty: the same.",
    )

    @field_validator("s3_endpoint_url", "s3_public_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        check_url(value, ("http", "https"))
        if set(value) & set("?#@"):
            raise ValueError("must be a plain address without user, password or query, such as https://s3.example.com")
        return value.rstrip("/")

    @field_validator("s3_prefix", mode="before")
    @classmethod
    def _stripped(cls, value: Value) -> Value | str:
        return value.strip().strip("/") if isinstance(value, str) else value

    @field_validator("s3_secret_access_key")
    @classmethod
    def _pair(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if "s3_access_key_id" in info.data and (value is None) != (info.data["s3_access_key_id"] is None):
            raise ValueError("must be set together with S3_ACCESS_KEY_ID, or both be empty")
        return value

    @field_validator("s3_bucket")
    @classmethod
    def _needed(cls, value: str | None, info: ValidationInfo) -> str | None:
        given = [name for name in ("s3_endpoint_url", "s3_access_key_id") if info.data.get(name)]
        if value is None and given:
            raise ValueError(f"must name the bucket, since {given[0].upper()} is set; or empty both")
        return value
