"""A run is told the trace it belongs to, and writes it down; the runtime does nothing else with it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from cli_support import Project as CliProject
from executor_support import KINDS, add_workflow, make_project, simple_workflow

from raw_runtime import tracecontext
from raw_runtime.executors import make_executor
from raw_runtime.result import RunResult

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-ffffffffffffffffffffffffffffffff-b7ad6b7169203331-00"


def kept(result: RunResult) -> str | None:
    manifest = json.loads((Path(result.run_dir) / "manifest.json").read_text())
    found: str | None = manifest.get("traceparent")
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_each_run_belongs_to_its_callers_trace(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACEPARENT", raising=False)
    monkeypatch.setenv("RAW_POOL_SIZE", "1")
    project = make_project(tmp_path)
    add_workflow(tmp_path, "told", simple_workflow("os.environ.get('TRACEPARENT')", "import os"))

    async def run() -> list[RunResult]:
        async with make_executor(kind, project) as executor:
            results = []
            for trace in (TRACE, None, OTHER):
                with tracecontext.use(trace):
                    results.append(await executor.run("told", {}))
            return results

    results = asyncio.run(run())
    assert [kept(result) for result in results] == [TRACE, None, OTHER]
    # Threads of one process share its environment, so there no run is told.
    told = [None, None, None] if kind == "inprocess" else [TRACE, None, OTHER]
    assert [result.result["value"] for result in results] == told


@pytest.mark.parametrize(("given", "written"), [(TRACE, TRACE), ("nonsense\n", None), ("", None)])
def test_the_command_takes_it_from_the_environment(tmp_path: Path, given: str, written: str | None) -> None:
    project = CliProject(tmp_path)
    project.add("greet")
    done = project.raw("run", "greet", env={"TRACEPARENT": given})
    assert done.returncode == 0, done.stderr
    assert project.manifest("greet").get("traceparent") == written


def test_a_pool_worker_that_starts_within_a_trace_keeps_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRACEPARENT", raising=False)
    project = make_project(tmp_path)
    add_workflow(tmp_path, "told", simple_workflow("os.environ.get('TRACEPARENT')", "import os"))

    async def run() -> list[RunResult]:
        executor = make_executor("pool", project)
        try:
            # No start(): the first run starts the workers.
            with tracecontext.use(TRACE):
                first = await executor.run("told", {})
            return [first, *await asyncio.gather(*(executor.run("told", {}) for _ in range(8)))]
        finally:
            await executor.aclose()

    told = [result.result["value"] for result in asyncio.run(run())]
    assert told == [TRACE, *[None] * 8]
