"""What leaves this process: spans without what people wrote, sent by the SDK's exporter; a collector may be away."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status

logger = logging.getLogger("tracing")

# The workflow's id is made of the entity's; the run's id, which is shown too, is not.
_DROPPED = frozenset({"temporalWorkflowID"})
_EXCEPTION_TYPE = "exception.type"


class DiscreetExporter(SpanExporter):
    """Sends spans by OTLP over HTTP; says once that it cannot, and once that it can again."""

    def __init__(self) -> None:
        self._exporter: SpanExporter = OTLPSpanExporter()
        self._reason = _Reason()
        logging.getLogger(OTLPSpanExporter.__module__).addFilter(self._reason)
        self._failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send these; they are lost if that cannot be done within OTEL_EXPORTER_OTLP_TIMEOUT."""
        result = self._exporter.export([discreet(span) for span in spans])
        failed = result is not SpanExportResult.SUCCESS
        if failed and not self._failing:
            fields = {"spans": len(spans), "reason": self._reason.words}
            logger.warning("traces cannot be sent, and are dropped until they can", extra={"fields": fields})
        elif self._failing and not failed:
            logger.info("traces are sent again")
        self._failing = failed
        return result

    def shutdown(self) -> None:
        """Give up what is being sent."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Do nothing: nothing is kept here."""
        return self._exporter.force_flush(timeout_millis)


class _Reason(logging.Filter):
    """Keeps the exporter's last word on why it failed, and lets none of them through."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""

    def filter(self, record: logging.LogRecord) -> bool:
        words = record.getMessage()
        # This one says only that the tries before it were the last.
        if not self.words or not words.startswith("Failed to export spans batch due to"):
            self.words = words[:300]
        return False


def discreet(span: ReadableSpan) -> ReadableSpan:
    """Return a span as it may be sent: exceptions by their types alone, since their texts may quote people."""
    attributes = span.attributes or {}
    events = [
        Event(event.name, {_EXCEPTION_TYPE: event.attributes[_EXCEPTION_TYPE]}, event.timestamp)
        if event.attributes and _EXCEPTION_TYPE in event.attributes
        else event
        for event in span.events
    ]
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={name: value for name, value in attributes.items() if name not in _DROPPED},
        events=events,
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
