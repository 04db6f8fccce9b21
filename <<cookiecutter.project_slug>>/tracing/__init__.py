"""One trace from a webhook to all that comes of it: API, outbox, Temporal, activities, RAW runs.

Off, nothing of OpenTelemetry is imported, and `span` costs a microsecond. `configure` switches it on, once a process,
where OTEL_EXPORTER_OTLP_ENDPOINT names a collector. Spans hold methods, route templates, statuses, counts and words
from fixed lists: no id of a person, no name, no text. What crosses time or processes (a row of the database, a RAW run)
carries the W3C `traceparent` of the span that made it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from configuration.tracing import TracingSettings
    from tracing.otel import Tracing

Kind = Literal["internal", "server", "client", "consumer"]
Value = str | int | float | bool

_tracing: Tracing | None = None


class Span(Protocol):
    """A span that is open."""

    def rename(self, name: str) -> None:
        """Give it another name; it is made of words from fixed lists."""

    def put(self, attributes: Mapping[str, Value]) -> None:
        """Add attributes."""

    def fail(self) -> None:
        """Mark it as failed."""


class NoSpan:
    """What stands in for a span while tracing is off."""

    def rename(self, name: str) -> None:
        """Do nothing."""

    def put(self, attributes: Mapping[str, Value]) -> None:
        """Do nothing."""

    def fail(self) -> None:
        """Do nothing."""

    def __enter__(self) -> NoSpan:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""


NO_SPAN = NoSpan()


def configure(settings: TracingSettings, service: str) -> bool:
    """Switch tracing on where the settings say so; return whether it is on. Later calls change nothing.

    Args:
        settings: where traces go.
        service: name of this kind of process, such as "api"; OTEL_SERVICE_NAME wins.

    Raises:
        SettingsError: an OTEL_ variable is wrong.
    """
    global _tracing
    if _tracing is None and settings.traces:
        from tracing.otel import start

        _tracing = start(service)
    return is_on()


def is_on() -> bool:
    """Whether spans are made."""
    return _tracing is not None


def span(
    name: str, *, kind: Kind = "internal", parent: str | None = None, attributes: Mapping[str, Value] | None = None
) -> AbstractContextManager[Span]:
    """Open a span for as long as the context lasts; an exception that leaves it marks it as failed, by its type alone.

    Args:
        name: words from fixed lists.
        kind: OpenTelemetry's.
        parent: `traceparent` of the span that it follows from; without one, the span that is open here, if any.
        attributes: see the module.
    """
    return NO_SPAN if _tracing is None else _tracing.span(name, kind, parent, attributes)


def traceparent() -> str | None:
    """Return the open span as a W3C `traceparent` of 55 characters; None if there is none."""
    return None if _tracing is None else _tracing.traceparent()


def temporal_plugins() -> list[Any]:
    """Return the plugins that Temporal's clients get, and the workers that use them."""
    return [] if _tracing is None else _tracing.temporal_plugins()


@contextmanager
def ended() -> Iterator[None]:
    """Send what is left when the context ends, for a second or two at most: for commands, which are short."""
    try:
        yield
    finally:
        if _tracing is not None:
            _tracing.end()


async def end() -> None:
    """Send what is left, for a second or two at most, and make no more spans."""
    if _tracing is not None:
        await asyncio.to_thread(_tracing.end)
