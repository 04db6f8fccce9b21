"""OpenTelemetry's SDK, set up: imported only where tracing is on."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import opentelemetry.context
from dotenv import dotenv_values
from opentelemetry import trace
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from temporalio.contrib.opentelemetry import OpenTelemetryPlugin, ReplaySafeTracerProvider, create_tracer_provider

import logs
from configuration.base import ENV_FILE, SettingsError
from tracing.export import DiscreetExporter

_KINDS = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "consumer": SpanKind.CONSUMER,
}
_PROPAGATOR = TraceContextTextMapPropagator()
# A process that ends has told its callers that it does: it must not wait for a collector that is away.
_END_SECONDS = 2.0


class OpenSpan:
    """A span of OpenTelemetry, by what the project uses of it."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def rename(self, name: str) -> None:
        """Give it another name."""
        self._span.update_name(name)

    def put(self, attributes: Mapping[str, str | int | float | bool]) -> None:
        """Add attributes."""
        self._span.set_attributes(dict(attributes))

    def fail(self) -> None:
        """Mark it as failed."""
        self._span.set_status(StatusCode.ERROR)


class Tracing:
    """What makes and sends the spans of this process."""

    def __init__(self, provider: ReplaySafeTracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("tracing")

    @contextmanager
    def span(
        self, name: str, kind: str, parent: str | None, attributes: Mapping[str, str | int | float | bool] | None
    ) -> Iterator[OpenSpan]:
        """Open a span; see `tracing.span`."""
        context = (
            None if parent is None else _PROPAGATOR.extract({"traceparent": parent}, opentelemetry.context.Context())
        )
        with self._tracer.start_as_current_span(
            name, context, _KINDS[kind], None if attributes is None else dict(attributes)
        ) as span:
            yield OpenSpan(span)

    def traceparent(self) -> str | None:
        """Return the open span as a W3C `traceparent`."""
        found = trace.get_current_span().get_span_context()
        if not found.is_valid:
            return None
        return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"

    def temporal_plugins(self) -> list[Any]:
        """Return Temporal's own instrumentation of clients, workflows and activities."""
        return [OpenTelemetryPlugin(add_temporal_spans=True)]

    def end(self) -> None:
        """Send what is left, for as long as a process that ends can wait."""
        thread = threading.Thread(target=self._provider.shutdown, name="tracing-end", daemon=True)
        thread.start()
        thread.join(_END_SECONDS)


def start(service: str) -> Tracing:
    """Set OpenTelemetry up for this process, by its own variables; those of `.env` are put into the environment.

    Raises:
        SettingsError: one of them is wrong.
    """
    for name, value in dotenv_values(ENV_FILE, encoding="utf-8").items():
        # An empty variable counts as unset, as it does for the project's settings.
        if name.startswith("OTEL_") and value and not os.environ.get(name):
            os.environ[name] = value
    given = OTELResourceDetector().detect().attributes
    resource = Resource.create({} if SERVICE_NAME in given else {SERVICE_NAME: service})
    try:
        provider = create_tracer_provider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(DiscreetExporter()))
    except ValueError as error:
        raise SettingsError(f"One of the OTEL_ variables is wrong: {str(error).rstrip('.')}.") from None
    trace.set_tracer_provider(provider)
    logs.trace_fields = _fields
    # Its own words on each failed try; ours are said once.
    logging.getLogger("opentelemetry.sdk").setLevel(logging.ERROR)
    return Tracing(provider)


def _fields() -> dict[str, str]:
    """Return what log lines get while a span is open."""
    found = trace.get_current_span().get_span_context()
    if not found.is_valid:
        return {}
    return {"trace_id": f"{found.trace_id:032x}", "span_id": f"{found.span_id:016x}"}
