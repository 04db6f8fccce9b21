"""`run_raw_workflow`: the executor that the environment names, on whatever loop it is called."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from executor_support import KINDS, add_workflow, below, make_project, simple_workflow, wait_until

from raw_runtime.errors import ProjectNotFound, UsageError, WorkflowNotFound
from raw_runtime.executors import (
    Executor,
    InProcessExecutor,
    PoolExecutor,
    SubprocessExecutor,
    close_default_executors,
    make_executor,
    run_raw_workflow,
)
from raw_runtime.project import Project


def test_wrong_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAW_EXECUTOR", "cloud")
    project = make_project(tmp_path)
    with pytest.raises(UsageError, match="RAW_EXECUTOR is 'cloud': give one of inprocess, pool, subprocess"):
        asyncio.run(run_raw_workflow("acts", {}, project=project))
    with pytest.raises(UsageError, match="no executor 'thread'"):
        make_executor("thread", project)


def test_the_environment_names_the_executor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAW_EXECUTOR", raising=False)
    project = Project(tmp_path)
    made: Executor = make_executor(project=project)
    assert isinstance(made, PoolExecutor)
    for kind, cls in zip(KINDS, (InProcessExecutor, PoolExecutor, SubprocessExecutor), strict=True):
        monkeypatch.setenv("RAW_EXECUTOR", kind)
        assert isinstance(make_executor(project=project), cls)


def test_where_each_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(tmp_path)

    async def workers() -> list[int]:
        results = [await run_raw_workflow("acts", {"act": "naps"}, project=project) for _ in range(2)]
        return [result.result["worker"] for result in results]

    monkeypatch.setenv("RAW_EXECUTOR", "inprocess")
    assert asyncio.run(workers()) == [os.getpid()] * 2
    monkeypatch.setenv("RAW_EXECUTOR", "pool")
    first, second = asyncio.run(workers())
    assert first == second != os.getpid()
    monkeypatch.setenv("RAW_EXECUTOR", "subprocess")
    first, second = asyncio.run(workers())
    assert first != second


def test_the_project_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_project(tmp_path / "project")
    (tmp_path / "project" / "api").mkdir()
    (tmp_path / "nothing").mkdir()
    monkeypatch.delenv("RAW_PROJECT_ROOT", raising=False)
    monkeypatch.setenv("RAW_EXECUTOR", "inprocess")
    monkeypatch.chdir(tmp_path / "project" / "api")
    assert asyncio.run(run_raw_workflow("acts", {})).ok
    with pytest.raises(WorkflowNotFound, match="Did you mean acts"):
        asyncio.run(run_raw_workflow("act", {}))
    monkeypatch.chdir(tmp_path / "nothing")
    with pytest.raises(ProjectNotFound):
        asyncio.run(run_raw_workflow("acts", {}))


def test_loops_in_several_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAW_EXECUTOR", "pool")
    monkeypatch.setenv("RAW_POOL_SIZE", "1")
    project = make_project(tmp_path)

    def call(_: int) -> bool:
        assert threading.current_thread() is not threading.main_thread()
        return asyncio.run(run_raw_workflow("acts", {}, project=project)).ok

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(call, range(3))) == [True] * 3
    wait_until(lambda: below() == [])


def test_closing_the_default_executors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAW_EXECUTOR", "pool")
    project = make_project(tmp_path)

    async def main() -> None:
        await close_default_executors()
        for _ in range(2):
            assert (await run_raw_workflow("acts", {}, project=project)).ok
            assert len(below()) == 1
            await close_default_executors()
            assert below() == []

    asyncio.run(main())


def test_in_process_takes_changed_code(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    folder = add_workflow(tmp_path, "changing", simple_workflow("helpers.NAME", "import helpers"), helpers="NAME = 1\n")

    async def main() -> None:
        async with InProcessExecutor(project) as executor:

            async def value() -> object:
                return (await executor.run("changing", {})).result["value"]

            assert await value() == 1
            (folder / "helpers.py").write_text("NAME = 'changed'\n")
            assert await value() == "changed"
            (folder / "run.py").write_text(simple_workflow("'new'"))
            assert await value() == "new"

    asyncio.run(main())


def test_in_process_runs_side_by_side(tmp_path: Path) -> None:
    project = make_project(tmp_path)

    async def main() -> None:
        async with InProcessExecutor(project) as executor:
            results = await asyncio.gather(
                *(executor.run("acts", {"act": "naps", "note": str(n)}) for n in range(40)),
                *(executor.run("acts", {"act": "ok", "number": n}) for n in range(40)),
            )
            assert all(result.ok for result in results)
            assert [result.result["number"] for result in results[40:]] == list(range(40))
            spans = sorted((r.result["from"], r.result["to"]) for r in results[:40])
            assert any(after[0] < before[1] for before, after in pairwise(spans))

    asyncio.run(main())


def test_async_steps_and_context_variables(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    source = """\
import asyncio
from pydantic import BaseModel
from raw_runtime import BaseWorkflow, step


class Params(BaseModel):
    text: str = "x"


class Waiting(BaseWorkflow[Params]):
    @step("wait")
    async def wait(self):
        await asyncio.sleep(0.01)
        return self.params.text * 2

    def run(self):
        return self.success("Waited", {"text": asyncio.run(self.wait())})


if __name__ == "__main__":
    Waiting.main()
"""
    add_workflow(tmp_path, "waiting", source)

    async def main() -> None:
        for kind in KINDS:
            async with make_executor(kind, project) as executor:
                result = await executor.run("waiting", {"text": "ab"})
                assert (result.ok, result.result) == (True, {"text": "abab"}), kind

    asyncio.run(main())
