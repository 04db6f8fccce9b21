"""An OpenTelemetry collector for tests: takes traces over OTLP/HTTP on 127.0.0.1, and shows them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A span as it arrived; ids are in hexadecimal digits, `parent` is empty for a trace's first."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    kind: int
    failed: bool
    attributes: dict[str, Value]
    events: list[dict[str, Value]]
    seconds: float


@dataclass
class Collector:
    """What has arrived."""

    endpoint: str = ""
    status: int = 200
    requests: int = 0
    headers: list[dict[str, str]] = field(default_factory=list)
    spans: list[Seen] = field(default_factory=list)

    def named(self, name: str) -> list[Seen]:
        """Return the spans of a name."""
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> Seen:
        """Return the only span of a name."""
        (found,) = self.named(name)
        return found

    def parent_of(self, span: Seen) -> Seen:
        """Return the span that it is a part of."""
        (found,) = (other for other in self.spans if other.id == span.parent)
        return found

    def path_to(self, span: Seen) -> list[str]:
        """Return the names from the trace's first span to this one."""
        names = [span.name]
        while span.parent:
            span = self.parent_of(span)
            names.insert(0, span.name)
        return names

    async def until(self, condition: Callable[[], object], seconds: float = 30.0) -> None:
        """Wait until something holds."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"it did not come; there is {[span.name for span in self.spans]}") from None

    async def take(self, request: web.Request) -> web.Response:
        """Take one batch."""
        self.requests += 1
        self.headers.append(dict(request.headers))
        body = await request.read()
        if self.status == 200:
            self._keep(ExportTraceServiceRequest.FromString(body))
        return web.Response(
            status=self.status,
            body=ExportTraceServiceResponse().SerializeToString(),
            content_type="application/x-protobuf",
        )

    def _keep(self, batch: ExportTraceServiceRequest) -> None:
        for resource in batch.resource_spans:
            service = {item.key: _value(item.value) for item in resource.resource.attributes}["service.name"]
            for scope in resource.scope_spans:
                self.spans += [
                    Seen(
                        str(service),
                        span.name,
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        span.kind,
                        span.status.code == 2,
                        {item.key: _value(item.value) for item in span.attributes},
                        [
                            {"name": event.name, **{item.key: _value(item.value) for item in event.attributes}}
                            for event in span.events
                        ],
                        (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                    )
                    for span in scope.spans
                ]


def _value(given: AnyValue) -> Value:
    value: Value = getattr(given, given.WhichOneof("value") or "string_value")
    return value


@asynccontextmanager
async def collector() -> AsyncIterator[Collector]:
    """Give a collector that listens, and end it afterwards."""
    found = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", found.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    found.endpoint = f"http://{host}:{port}"
    try:
        yield found
    finally:
        await runner.cleanup()
