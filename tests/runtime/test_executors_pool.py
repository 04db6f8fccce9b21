"""The pool: who runs what, what is kept warm, and when a worker is replaced."""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from executor_support import add_workflow, below, make_project, simple_workflow, wait_gone, wait_until

from raw_runtime.errors import RawError, UsageError
from raw_runtime.executors import PoolExecutor
from raw_runtime.outputlog import LIMIT_BYTES
from raw_runtime.project import Project
from raw_runtime.result import RunResult


def one_after_the_other(
    project: Project, acts: list[str], size: int = 1, max_runs: int | None = None
) -> list[RunResult]:
    async def main() -> list[RunResult]:
        async with PoolExecutor(project, size=size, max_runs=max_runs) as pool:
            return [await pool.run("acts", {"act": act}) for act in acts]

    return asyncio.run(main())


def test_fifty_calls_on_two_workers(tmp_path: Path) -> None:
    project = make_project(tmp_path)

    async def main() -> list[RunResult]:
        async with PoolExecutor(project, size=2) as pool:
            return await asyncio.gather(*(pool.run("acts", {"act": "naps", "number": n}) for n in range(50)))

    results = asyncio.run(main())
    assert all(result.ok for result in results)
    assert len({result.run_id for result in results}) == 50
    assert len({result.result["worker"] for result in results}) == 2
    starts = [result.result["from"] for result in results]
    # First come, first served; two go on side by side, so neighbours may change places.
    assert all(abs(order - place) <= 2 for place, order in enumerate(sorted(range(50), key=starts.__getitem__)))
    for worker in {result.result["worker"] for result in results}:
        spans = sorted((r.result["from"], r.result["to"]) for r in results if r.result["worker"] == worker)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_waiting_is_not_in_the_timeout(tmp_path: Path) -> None:
    project = make_project(tmp_path)

    async def main(unit: float) -> list[int]:
        async with PoolExecutor(project, size=1) as pool:
            calls = [
                pool.run("acts", {"act": "hangs"}, timeout=1.5 * unit),
                pool.run("acts", {"act": "naps"}, timeout=1.0 * unit),
            ]
            return [result.exit_code for result in await asyncio.gather(*calls)]

    # On a busy machine a fresh worker alone may take longer than a second.
    assert any(asyncio.run(main(unit)) == [124, 0] for unit in (1, 4, 16))


def test_a_waiting_call_can_be_cancelled(tmp_path: Path) -> None:
    project = make_project(tmp_path)

    async def main() -> None:
        async with PoolExecutor(project, size=1) as pool:
            await pool.start()
            first, second, third = (asyncio.create_task(pool.run("acts", {"act": "naps"})) for _ in range(3))
            await asyncio.sleep(0)
            second.cancel()
            assert (await first).ok
            assert (await third).ok
            assert second.cancelled()

    asyncio.run(main())
    assert len(list((tmp_path / ".raw/workflows/acts/runs").iterdir())) == 2


def test_a_warm_worker_is_clean(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    project = make_project(tmp_path / "project")
    (project.root / ".env").write_text("FROM_DOTENV=yes\n")
    before, _, after = one_after_the_other(project, ["looks", "spoils", "looks"])
    run_py = str(project.workflow("acts").run_py)
    expected = {"spoilt": None, "path": True, "cwd": True, "nowhere": False, "argv": [run_py], "dotenv": "yes"}
    assert before.result == expected | {"worker": before.result["worker"]}
    assert after.result == before.result
    assert (Path(after.run_dir) / "output.log").read_text().count("seen\n") == 1


@pytest.mark.parametrize("act", ["leaves-child", "leaves-thread"])
def test_what_a_run_leaves_behind_ends_with_it(act: str, tmp_path: Path) -> None:
    project = make_project(tmp_path)

    async def main() -> None:
        async with PoolExecutor(project, size=1) as pool:
            first = await pool.run("acts", {"act": act})
            assert first.ok
            await asyncio.to_thread(wait_gone, first.result.values())
            second = await pool.run("acts", {"act": "looks"})
            assert second.result["worker"] != first.result["worker"]

    asyncio.run(main())


def test_workers_are_replaced_after_max_runs(tmp_path: Path) -> None:
    results = one_after_the_other(make_project(tmp_path), ["looks"] * 5, max_runs=2)
    workers = [result.result["worker"] for result in results]
    assert workers[0] == workers[1] != workers[2] == workers[3] != workers[4]


def test_changed_code_is_taken(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__init__.py").write_text("")
    tool = tmp_path / "tools" / "words.py"
    tool.write_text("WORD = 'a'\n")
    source = simple_workflow("[helpers.NAME, words.WORD]", "import helpers\nfrom tools import words\n")
    folder = add_workflow(tmp_path, "changing", source, helpers="NAME = 'a'\n")

    async def main() -> None:
        async with PoolExecutor(project, size=2) as pool:

            async def value() -> object:
                # Both workers are asked: neither may be behind.
                results = await asyncio.gather(*(pool.run("changing", {}) for _ in range(4)))
                assert all(result.ok for result in results), results
                values = [result.result["value"] for result in results]
                assert values == [values[0]] * 4
                return values[0]

            assert await value() == ["a", "a"]
            (folder / "helpers.py").write_text("NAME = 'another'\n")
            assert await value() == ["another", "a"]
            tool.write_text("WORD = 'other'\n")
            assert await value() == ["another", "other"]
            (folder / "run.py").write_text(simple_workflow("'new'"))
            assert await value() == "new"
            (folder / "run.py").write_text("def broken(:\n")
            assert (await pool.run("changing", {})).exit_code == 1
            (folder / "run.py").write_text(simple_workflow("'mended'"))
            assert await value() == "mended"

    asyncio.run(main())


def test_much_output_is_bounded(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    flood, after = one_after_the_other(project, ["floods", "prints"])
    assert flood.ok
    log = Path(flood.run_dir) / "output.log"
    assert LIMIT_BYTES <= log.stat().st_size < LIMIT_BYTES + 1000
    text = log.read_text()
    assert "bytes of output were dropped" in text
    assert "the very end\n" in text[-200:]
    assert (Path(after.run_dir) / "output.log").read_text().count("xxx") == 0


def test_output_of_a_run_goes_to_its_own_log(tmp_path: Path) -> None:
    (result,) = one_after_the_other(make_project(tmp_path), ["prints"])
    text = (Path(result.run_dir) / "output.log").read_text(encoding="utf-8")
    assert "zażółć \N{SNOWMAN} line\n" in text
    assert "to stderr\n" in text


def test_a_closed_pool(tmp_path: Path) -> None:
    project = make_project(tmp_path)

    async def main() -> None:
        pool = PoolExecutor(project, size=1)
        running = asyncio.create_task(pool.run("acts", {"act": "hangs", "note": str(tmp_path / "note")}))
        waiting = asyncio.create_task(pool.run("acts", {}))
        await asyncio.to_thread(wait_until, (tmp_path / "note").exists)
        await pool.aclose()
        assert (await running).exit_code == 130
        with pytest.raises(RawError, match="The pool is closed"):
            await waiting
        with pytest.raises(RawError, match="The pool is closed"):
            await pool.run("acts", {})
        await pool.aclose()

    asyncio.run(main())
    assert below() == []


def test_a_worker_that_cannot_start(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    # A module of that name on the path keeps any Python from starting the worker.
    (tmp_path / "raw_runtime").mkdir()
    (tmp_path / "raw_runtime" / "__init__.py").write_text("raise RuntimeError('not this one')\n")

    async def main() -> RunResult:
        async with asyncio.timeout(60):
            pool = PoolExecutor(project, size=1)
            return await pool.run("acts", {})

    result = asyncio.run(main())
    assert result.exit_code == 1
    assert "did not start" in result.message
    assert "not this one" in result.message
    assert below() == []


def test_many_projects_side_by_side(tmp_path: Path) -> None:
    projects = [make_project(tmp_path / name) for name in ("one", "two")]

    async def main() -> list[RunResult]:
        async with PoolExecutor(projects[0], size=1) as one, PoolExecutor(projects[1], size=1) as two:
            return list(await asyncio.gather(one.run("acts", {}), two.run("acts", {})))

    for project, result in zip(projects, asyncio.run(main()), strict=True):
        assert result.run_dir.startswith(f"{project.root}{os.sep}")


@pytest.mark.parametrize(("name", "value"), [("RAW_POOL_SIZE", "none"), ("RAW_POOL_MAX_RUNS", "0")])
def test_wrong_settings(name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=f"{name} is '{value}': give a whole number"):
        PoolExecutor(Project(tmp_path))


def test_settings_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAW_POOL_SIZE", "3")
    monkeypatch.setenv("RAW_POOL_MAX_RUNS", "7")
    pool = PoolExecutor(Project(tmp_path))
    assert (pool.size, pool.max_runs) == (3, 7)


def test_start_warms_one_worker(tmp_path: Path) -> None:
    project = make_project(tmp_path)

    async def main() -> list[int]:
        async with PoolExecutor(project, size=4):
            return below()

    pids = asyncio.run(main())
    assert len(pids) == 1
    wait_gone(pids)


def test_a_script_that_needs_packages_runs_by_the_raw_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for uv on PATH shows that the run went there, where missing packages are fetched."""
    project = make_project(tmp_path / "project")
    header = '# /// script\n# dependencies = ["pydantic", "no-such-package-of-ours"]\n# ///\nimport os\n'
    add_workflow(project.root, "needy", header + simple_workflow("os.environ.get('FROM_UV')"))
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    find_script = 'for word; do test -f "$word" && script=$word; done'
    uv.write_text(f'#!/bin/sh\n{find_script}\nFROM_UV=yes exec "{sys.executable}" "$script"\n')
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{uv.parent}{os.pathsep}{os.environ['PATH']}")

    async def main() -> RunResult:
        async with PoolExecutor(project, size=1) as pool:
            return await pool.run("needy", {})

    result = asyncio.run(main())
    assert result.ok, result.message
    assert result.result == {"value": "yes"}
