"""Deploying a changed workflow while processes are under way, with the real server and the real worker."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from settings import ROOT
from workflows.temporal.tests.fetched import history_of, leaks, task_failures
from workflows.temporal.tests.hiring_scene import PRIVATE, Scene, scene
from workflows.temporal.tests.real_worker import RealWorker
from workflows.temporal.tests.servers import dev_server, needs_server

pytestmark = [pytest.mark.anyio, pytest.mark.server, needs_server]

OLD, NEW = 10, 3
_BEFORE = '        await self._mail("scheduling")\n'
_STEP = 'await self._record("looked_twice")\n'
UNPATCHED = f"        {_STEP}{_BEFORE}"
PATCHED = f'        if workflow.patched("look-twice"):\n            {_STEP}{_BEFORE}'
_REGISTRY = """
from workflows.temporal.registry import activities

def workflow_types():
    from {module} import HiringProcess
    return [HiringProcess]
"""


def changed(folder: Path, name: str, replacement: str) -> str:
    """Write a copy of the hiring process with a step more, and a registry that runs it; return the registry's name."""
    code = (ROOT / "workflows/temporal/hiring_process.py").read_text(encoding="utf-8")
    assert code.count(_BEFORE) == 1
    (folder / f"{name}.py").write_text(code.replace(_BEFORE, replacement), encoding="utf-8")
    (folder / f"{name}_registry.py").write_text(_REGISTRY.format(module=name), encoding="utf-8")
    return f"{name}_registry"


async def stop(worker: RealWorker) -> None:
    """End the worker as a deployment does."""
    worker.send(signal.SIGTERM)
    assert await worker.ended(60) == 0, worker.text()


async def test_a_step_more_is_deployed_by_patched_while_processes_wait_and_without_it_breaks_them(
    tmp_path: Path,
) -> None:
    began = time.monotonic()
    unpatched = changed(tmp_path, "unpatched_process", UNPATCHED)
    patched = changed(tmp_path, "patched_process", PATCHED)
    with dev_server(tmp_path) as temporal:
        async with scene(temporal, tmp_path) as playing:
            await playing.worker.start()
            old = [await playing.begin() for _ in range(OLD)]
            for one in old:
                await playing.reaches(one, "awaiting_schedule")
            await stop(playing.worker)

            playing.worker.change(tmp_path, unpatched)
            await playing.worker.start()
            for one in old:
                await playing.schedule(one)
            for one in old:
                await fails_by_nondeterminism(playing, one)
            for one in old:
                assert (await playing.events(one))[-1] == "awaiting_schedule", "other code has gone on with it"
            await stop(playing.worker)

            playing.worker.change(tmp_path, patched)
            await playing.worker.start()
            new = [await playing.begin() for _ in range(NEW)]
            for one in new:
                await playing.schedule(one)
            for one in [*old, *new]:
                await playing.hear(one, await playing.called(one))
                await playing.decide(one)
            for one in [*old, *new]:
                await playing.ends(one, "completed")
                events = await playing.events(one)
                assert events.count("looked_twice") == (one in new), events
                assert events.count("mail_sent") == 2, events
                history = await history_of(playing.client, f"hiring-{one}")
                assert (task_failures(history) == []) == (one in new)
                assert leaks(history, PRIVATE) == []
    print(f"\n{OLD} old and {NEW} new processes, two deployments: {time.monotonic() - began:.0f} s")


async def fails_by_nondeterminism(playing: Scene, candidate_id: str) -> None:
    async def has_failed() -> bool:
        failures = task_failures(await history_of(playing.client, f"hiring-{candidate_id}"))
        assert all("NON_DETERMINISTIC" in failure for failure in failures), failures
        return bool(failures)

    await playing.until(has_failed, f"a workflow task of {candidate_id} to fail")
