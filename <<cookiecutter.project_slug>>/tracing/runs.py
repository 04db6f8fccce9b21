"""RAW runs as spans; the run itself is told its `traceparent`, and knows nothing else of tracing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import tracing
from raw_runtime import tracecontext
from raw_runtime.result import RunResult


class Runner(Protocol):
    """Runs a RAW workflow by its name; failure, crash and timeout are in the result."""

    async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:
        """Run it."""
        ...

    async def aclose(self) -> None:
        """End everything that was started."""
        ...


class TracedRunner:
    """Makes a span of each run of another runner."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:
        """Run it; see `raw_runtime.executors`."""
        with tracing.span("raw run") as span, tracecontext.use(tracing.traceparent()):
            result = await self._runner.run(name, params, timeout=timeout)
            span.rename(f"raw run {result.workflow}")
            span.put({"raw.workflow": result.workflow, "raw.run_id": result.run_id, "raw.exit_code": result.exit_code})
            if not result.ok:
                span.fail()
            return result

    async def aclose(self) -> None:
        """End everything that was started."""
        await self._runner.aclose()


def traced(runner: Runner) -> Runner:
    """Return a runner whose runs are spans; the same one where tracing is off."""
    return TracedRunner(runner) if tracing.is_on() else runner
