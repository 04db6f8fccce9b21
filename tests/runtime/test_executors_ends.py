"""Timeouts, cancellations and deaths leave no process behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from executor_support import (
    HOME,
    ISOLATED,
    alive,
    below,
    make_project,
    read_pids,
    run_out_of_time,
    wait_gone,
    wait_until,
)

from raw_runtime.executors import PoolExecutor, make_executor, run_raw_workflow
from raw_runtime.project import Project
from raw_runtime.result import RunResult

PARENT = """\
import asyncio, sys
from pathlib import Path
from raw_runtime.executors import run_raw_workflow
from raw_runtime.project import Project

async def main():
    call = {calls}
    await asyncio.gather(*(run_raw_workflow("acts", params, project=Project(Path(sys.argv[1]))) for params in call))

asyncio.run(main())
"""


def runs_of(project: Project) -> list[Path]:
    return sorted((project.root / ".raw/workflows/acts/runs").iterdir())


@pytest.mark.parametrize("kind", ISOLATED)
def test_timeout_ends_all_that_was_started(kind: str, tmp_path: Path) -> None:
    project, note = make_project(tmp_path), tmp_path / "note"

    async def main() -> RunResult:
        async with make_executor(kind, project) as executor:
            result = await run_out_of_time(executor, "hangs-with-children", note)
            wait_gone(read_pids(note))
            after = await executor.run("acts", {})
            assert after.ok
            return result

    result = asyncio.run(main())
    assert result.exit_code == 124
    manifest = json.loads((Path(result.run_dir) / "manifest.json").read_text())
    assert (manifest["status"], manifest["exit_code"], manifest["run"]["status"]) == ("failed", 124, "failed")
    events = [json.loads(line)["event"]["event_type"] for line in (Path(result.run_dir) / "events.jsonl").open()]
    assert events[-1] == "workflow.failed"
    assert below() == []


@pytest.mark.parametrize("kind", ISOLATED)
def test_timeout_of_a_workflow_that_ignores_sigterm(kind: str, tmp_path: Path) -> None:
    project, note = make_project(tmp_path), tmp_path / "note"

    async def main() -> RunResult:
        async with make_executor(kind, project) as executor:
            return await run_out_of_time(executor, "ignores-term", note)

    assert asyncio.run(main()).exit_code == 124
    wait_gone(read_pids(note))


@pytest.mark.parametrize("kind", ISOLATED)
def test_cancellation_ends_all_that_was_started(kind: str, tmp_path: Path) -> None:
    project, note = make_project(tmp_path), tmp_path / "note"

    async def main() -> None:
        async with make_executor(kind, project) as executor:
            task = asyncio.create_task(executor.run("acts", {"act": "hangs-with-children", "note": str(note)}))
            await asyncio.to_thread(read_pids, note)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            wait_gone(read_pids(note))
            assert (await executor.run("acts", {})).ok

    asyncio.run(main())
    manifests = [json.loads((run / "manifest.json").read_text()) for run in runs_of(project)]
    assert sorted((m["run"]["status"], m["exit_code"] != 0) for m in manifests) == [
        ("cancelled", True),
        ("success", False),
    ]
    assert below() == []


@pytest.mark.parametrize("kind", ISOLATED)
def test_cancelled_twice(kind: str, tmp_path: Path) -> None:
    project, note = make_project(tmp_path), tmp_path / "note"

    async def main() -> None:
        async with make_executor(kind, project) as executor:
            task = asyncio.create_task(executor.run("acts", {"act": "ignores-term", "note": str(note)}))
            await asyncio.to_thread(read_pids, note)
            task.cancel()
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            wait_gone(read_pids(note))

    asyncio.run(main())
    assert below() == []


def test_a_pool_lets_finally_blocks_run(tmp_path: Path) -> None:
    project, note = make_project(tmp_path), tmp_path / "note"

    async def main() -> RunResult:
        async with PoolExecutor(project, size=1) as pool:
            return await pool.run("acts", {"act": "cleans-up", "note": str(note)}, timeout=0.5)

    assert asyncio.run(main()).exit_code == 124
    assert not note.exists()


def test_in_process_timeout_and_cancellation_do_not_wait(tmp_path: Path) -> None:
    project = make_project(tmp_path)

    async def main() -> None:
        async with make_executor("inprocess", project) as executor:
            assert (await executor.run("acts", {"act": "hangs"}, timeout=0.1)).exit_code == 124
            task = asyncio.create_task(executor.run("acts", {"act": "hangs"}))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await executor.run("acts", {})).ok

    asyncio.run(asyncio.wait_for(main(), 50))


def test_an_in_process_run_that_was_given_up_is_recorded_so(tmp_path: Path) -> None:
    project = make_project(tmp_path)

    async def main() -> RunResult:
        async with make_executor("inprocess", project) as executor:
            return await executor.run("acts", {"act": "naps-long"}, timeout=0.05)

    result = asyncio.run(main())
    assert result.exit_code == 124
    manifest = Path(result.run_dir) / "manifest.json"

    def recorded() -> bool:
        return manifest.exists() and json.loads(manifest.read_text())["exit_code"] == 124

    wait_until(recorded)
    assert json.loads(manifest.read_text())["message"].startswith("timed out after 0.05 s")


def test_a_worker_killed_from_outside(tmp_path: Path) -> None:
    project, note = make_project(tmp_path), tmp_path / "note"

    async def main() -> tuple[RunResult, RunResult]:
        async with PoolExecutor(project, size=2) as pool:
            other = asyncio.create_task(pool.run("acts", {"act": "naps"}))
            task = asyncio.create_task(pool.run("acts", {"act": "hangs-with-group", "note": str(note)}))
            pids = await asyncio.to_thread(read_pids, note)
            os.kill(pids[0], signal.SIGKILL)
            result = await task
            wait_gone(pids)
            assert (await pool.run("acts", {})).ok
            return result, await other

    result, other = asyncio.run(main())
    assert result.exit_code == 137
    assert "SIGKILL" in result.message
    assert other.ok
    manifest = json.loads((Path(result.run_dir) / "manifest.json").read_text())
    assert (manifest["exit_code"], manifest["run"]["status"]) == (137, "crashed")


def test_an_idle_worker_killed_from_outside(tmp_path: Path) -> None:
    project = make_project(tmp_path)

    async def main() -> None:
        async with PoolExecutor(project, size=1) as pool:
            first = await pool.run("acts", {"act": "looks"})
            os.kill(first.result["worker"], signal.SIGKILL)
            # At once: the pool cannot know yet.
            second = await pool.run("acts", {"act": "looks"})
            assert second.ok, second.message
            assert second.result["worker"] != first.result["worker"]

    asyncio.run(main())


@pytest.mark.parametrize("kind", ISOLATED)
def test_the_parent_killed(kind: str, tmp_path: Path) -> None:
    project, note, other = make_project(tmp_path), tmp_path / "note", tmp_path / "other"
    script = tmp_path / "parent.py"
    # The first one's regular expression holds the interpreter lock: no thread could see the parent's end.
    calls = [{"act": "hangs-with-group", "note": str(note)}, {"act": "hangs", "note": str(other)}]
    script.write_text(PARENT.format(calls=calls))
    env = {**os.environ, "PYTHONPATH": HOME, "RAW_EXECUTOR": kind}
    parent = subprocess.Popen([sys.executable, str(script), str(project.root)], env=env, start_new_session=True)
    try:
        pids = [*read_pids(note), *read_pids(other), *below(parent.pid)]
        assert all(alive(pid) for pid in pids)
        parent.kill()
        parent.wait(60)
        wait_gone(pids)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)
        parent.wait(60)


def test_the_loop_ends(tmp_path: Path) -> None:
    """The default executor needs no closing: asyncio.run does it, also when calls are still going on."""
    project, note = make_project(tmp_path), tmp_path / "note"

    async def main() -> RunResult:
        hanging = asyncio.create_task(
            run_raw_workflow("acts", {"act": "hangs-with-children", "note": str(note)}, project=project)
        )
        await asyncio.to_thread(read_pids, note)
        assert not hanging.done()
        return await run_raw_workflow("acts", {}, project=project)

    assert asyncio.run(main()).ok
    wait_gone(read_pids(note))
    wait_until(lambda: below() == [])
    assert asyncio.run(run_raw_workflow("acts", {}, project=project)).ok
    wait_until(lambda: below() == [])


def test_the_process_ends_without_closing_its_pool(tmp_path: Path) -> None:
    project, note = make_project(tmp_path), tmp_path / "note"
    script = tmp_path / "careless.py"
    script.write_text(
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from raw_runtime.executors import PoolExecutor\n"
        "from raw_runtime.project import Project\n"
        "loop = asyncio.new_event_loop()\n"
        "pool = PoolExecutor(Project(Path(sys.argv[1])), size=2)\n"
        "result = loop.run_until_complete(pool.run('acts', {'act': 'looks'}))\n"
        "Path(sys.argv[2]).write_text(str(result.result['worker']))\n"
    )
    env = {**os.environ, "PYTHONPATH": HOME}
    subprocess.run([sys.executable, str(script), str(project.root), str(note)], env=env, check=True, timeout=60)
    wait_gone(read_pids(note))
