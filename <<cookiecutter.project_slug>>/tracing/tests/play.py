"""A process that makes spans, for tests: tracing can be switched on once a process."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from typing import Any

import tracing
from configuration.base import SettingsError, load_settings
from configuration.tracing import TracingSettings
from logs import configure_logging
from raw_runtime import tracecontext
from raw_runtime.result import RunResult
from tracing.runs import traced

SENDER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Runs:
    """Runs nothing, and says which trace it would have run in."""

    async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:  # noqa: ARG002 - as every runner
        """Say it."""
        code = int(params.get("code", 0))
        return RunResult(name, "run-1", "", "success", code, tracecontext.current() or "")

    async def aclose(self) -> None:
        """Do nothing."""


async def spans() -> None:
    """Make spans of each kind, one of them with an exception that quotes a person."""
    runner = traced(Runs())
    with tracing.span("outer", kind="server", parent=SENDER, attributes={"n": 1}) as outer:
        outer.rename("outer renamed")
        result = await runner.run("tiny", {})
        assert result.message.split("-")[1] == SENDER.split("-")[1], result
        await runner.run("tiny", {"code": 1})
        # What a row keeps, and another process takes up later.
        kept = tracing.traceparent()
    assert tracing.traceparent() is None
    try:
        with tracing.span("later", kind="consumer", parent=kept):
            raise ValueError("Ann Example, ann@example.com")
    except ValueError:
        pass
    with tracing.span("alone", parent="nonsense"):
        pass


async def many() -> None:
    """Make more spans than a queue holds, and say how long that took."""
    began = time.perf_counter()
    for _ in range(20_000):
        with tracing.span("one"):
            pass
    print("made", round(time.perf_counter() - began, 2), flush=True)
    # Time for a first try to send some of them.
    await asyncio.sleep(1.0)
    began = time.perf_counter()
    await tracing.end()
    print("ended", round(time.perf_counter() - began, 2), flush=True)


def main() -> int:
    """Play `spans` or `many`; 2 when a setting is wrong."""
    configure_logging("INFO")
    try:
        tracing.configure(load_settings(TracingSettings), "play")
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    asyncio.run({"spans": spans, "many": many}[sys.argv[1]]())
    with tracing.ended():
        return 0


if __name__ == "__main__":
    sys.exit(main())
