"""Settings of tracing/; OpenTelemetry's other variables are read by its SDK, from the environment and from `.env`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from configuration.base import EnvSettings, check_url


class TracingSettings(EnvSettings):
    """Where traces go; the names are OpenTelemetry's own."""

    otel_exporter_otlp_endpoint: str | None = Field(
        default=None, description="OpenTelemetry collector that traces go to (OTLP over HTTP). Empty: none are made."
    )
    otel_exporter_otlp_protocol: Literal["http/protobuf"] = Field(
        default="http/protobuf", description="How they go there; there is this one way."
    )
    otel_sdk_disabled: bool = Field(default=False, description="true: no traces, wherever they would go.")

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _collector(cls, value: str | None) -> str | None:
        if value is not None:
            check_url(value, ("http", "https"))
        return value

    @property
    def traces(self) -> bool:
        """Whether traces are made."""
        return self.otel_exporter_otlp_endpoint is not None and not self.otel_sdk_disabled
