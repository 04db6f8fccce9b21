"""RAW runs as activities: the project's own workflows by the real pool, and ones that hang, crash and fail."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from db import testing
from db.repositories import submissions, timeline
from raw_runtime.executors import PoolExecutor
from raw_runtime.project import Project
from raw_runtime.result import RunResult
from settings import ROOT
from workflows.temporal.activities import raw
from workflows.temporal.contracts import RawRun
from workflows.temporal.tests.acting import NoRunner, Stage, check_private, staged
from workflows.temporal.tests.parcels import LABEL, PRIVATE
from workflows.temporal.tests.servers import until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ACTS = """\
import os
import signal
import subprocess
from pathlib import Path

from pydantic import BaseModel

from raw_runtime import BaseWorkflow


class Params(BaseModel):
    id: str = "sample"
    act: str = "ok"
    note: str = ""


class Acts(BaseWorkflow[Params]):
    def run(self) -> int:
        act = self.params.act
        if act == "hang":
            child = subprocess.Popen(["sleep", "600"])
            Path(self.params.note).write_text(f"{os.getpid()} {child.pid}")
            child.wait()
        if act == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if act == "fail":
            return self.error(f"refused: {self.params.note}").exit_code
        if act == "raise":
            raise RuntimeError(self.params.note)
        self.save("result.json", {"word": "short", "long": "x" * 200, "note": self.params.note, "several": [1]})
        return self.success("done").exit_code


if __name__ == "__main__":
    Acts.main()
"""


class Watched:
    """The real pool; it remembers what the runs came to."""

    def __init__(self, pool: PoolExecutor) -> None:
        self.pool = pool
        self.results: list[RunResult] = []

    async def run(self, name: str, params: Mapping[str, Any], *, timeout: float | None = None) -> RunResult:
        """Run it."""
        result = await self.pool.run(name, params, timeout=timeout)
        self.results.append(result)
        return result

    async def aclose(self) -> None:
        """End the pool."""
        await self.pool.aclose()


@pytest.fixture
async def own(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    """A pool of this project, whose processes read the test's database."""
    monkeypatch.setenv("DATABASE_URL", stage.settings.database_url)
    runner = Watched(PoolExecutor(Project(ROOT), size=1))
    yield runner
    await runner.aclose()
    for result in runner.results:
        shutil.rmtree(result.run_dir, ignore_errors=True)


@pytest.fixture
async def acts(tmp_path: Path) -> AsyncIterator[Watched]:
    """A pool of a project whose one workflow misbehaves as it is told."""
    folder = tmp_path / "project" / ".raw" / "workflows" / "acts"
    folder.mkdir(parents=True)
    (folder / "run.py").write_text(ACTS)
    runner = Watched(PoolExecutor(Project(tmp_path / "project"), size=1))
    yield runner
    await runner.aclose()


def activity(stage: Stage, runner: Watched | NoRunner) -> Any:
    return stage.activities(runner).raw.run_raw_workflow


def act(stage: Stage, name: str, note: str = "", **changes: Any) -> RawRun:
    params = {"id": stage.entity_id, "act": name, "note": note}
    return RawRun(**{**stage.whose, "workflow": "acts", "params": params, **changes})


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{pid}/stat")
    # Dead, and nobody has looked yet.
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z"


class TestOwnWorkflows:
    async def test_a_stored_submission_is_analysed(self, stage: Stage, own: Watched) -> None:
        async with stage.database.session() as session:
            row = await submissions.create(session, form="contact", email="ann@example.com", text=LABEL)
        whose: dict[str, Any] = {"entity_type": "submission", "entity_id": str(row.id)}
        run = RawRun(**whose, workflow="analyze", params={"id": str(row.id)}, keep=["category"])
        outcome = await stage.act(activity(stage, own), run)
        assert set(outcome.values) == {"category"}
        async with stage.database.session(read_only=True) as session:
            found = await submissions.get(session, row.id)
            told = [(one.event, one.detail) for one in await timeline.list_for(session, row.id)]
        assert found is not None
        assert found.result is not None
        assert found.result["analyze"]["category"] == outcome.values["category"]
        assert told[-1] == ("raw_complete", {"workflow": "analyze", **outcome.values})
        (result,) = own.results
        assert not Path(result.run_dir).exists()
        assert stage.beats >= 1

    async def test_wrong_params_are_not_tried_again(self, stage: Stage, own: Watched) -> None:
        given = act(stage, "ok").model_copy(update={"workflow": "analyze", "params": {"text": ["Quillfeather"]}})
        error = await stage.refusal(activity(stage, own), given)
        assert (error.type, error.non_retryable) == ("RawUsage", True)
        assert "analyze ended with exit code 2" in str(error)
        assert (await stage.row()).result is None

    async def test_a_workflow_that_there_is_not(self, stage: Stage, own: Watched) -> None:
        given = act(stage, "ok").model_copy(update={"workflow": "analyse"})
        error = await stage.refusal(activity(stage, own), given)
        assert (error.type, error.non_retryable) == ("WorkflowNotFound", True)
        assert "Did you mean analyze" in str(error)


class TestEntity:
    async def test_results_of_several_stand_beside_each_other_and_are_told_once(
        self, stage: Stage, acts: Watched
    ) -> None:
        for _ in range(2):
            await stage.act(activity(stage, acts), act(stage, "ok"))
        assert await stage.events() == ["raw_complete"]
        await stage.change(result={"earlier": {"word": "short"}})
        await stage.act(activity(stage, acts), act(stage, "ok"), activity_id="2")
        assert set((await stage.row()).result or {}) == {"earlier", "acts"}
        assert await stage.events() == ["raw_complete", "raw_complete"]

    async def test_one_that_was_erased_is_not_run_for(self, stage: Stage) -> None:
        await stage.erase()
        error = await stage.refusal(activity(stage, NoRunner()), act(stage, "ok"))
        assert (error.type, error.non_retryable) == ("EntityGone", True)

    async def test_one_that_is_erased_meanwhile(self, stage: Stage, acts: Watched) -> None:
        class Erasing(Watched):
            async def run(self, *given: Any, **options: Any) -> RunResult:
                result = await super().run(*given, **options)
                await stage.erase()
                return result

        error = await stage.refusal(activity(stage, Erasing(acts.pool)), act(stage, "ok"))
        assert (error.type, error.non_retryable) == ("EntityGone", True)


@pytest.mark.parametrize("kind", testing.kinds())
@pytest.mark.usefixtures("parcels")
async def test_a_database_that_fails_tells_nothing(kind: str, acts: Watched, tmp_path: Path) -> None:
    """What is written then is in nobody's error: neither in its text nor in that of its causes."""
    async with testing.migrated_database(kind, tmp_path) as url, staged(Stage, url, tmp_path) as stage:

        class Breaking(Watched):
            async def run(self, *given: Any, **options: Any) -> RunResult:
                result = await super().run(*given, **options)
                async with stage.database.session() as session:
                    await session.execute(text("DROP TABLE timeline"))
                return result

        with pytest.raises(Exception, match=r"database is not available|timeline") as caught:
            await stage.act(activity(stage, Breaking(acts.pool)), act(stage, "ok", " ".join(PRIVATE)))
        check_private(caught.value)
        assert not getattr(caught.value, "non_retryable", False)
        assert (await stage.row()).result is None


class TestKept:
    async def test_only_what_is_named_travels(self, stage: Stage, acts: Watched) -> None:
        outcome = await stage.act(activity(stage, acts), act(stage, "ok", PRIVATE[0], keep=["word"]))
        assert outcome.values == {"word": "short"}
        assert (await stage.row()).result == {
            "acts": {"word": "short", "long": "x" * 200, "note": PRIVATE[0], "several": [1]}
        }
        assert PRIVATE[0] not in str(await stage.timeline())

    @pytest.mark.parametrize("name", ["long", "several", "nothing"])
    async def test_what_is_long_or_missing_does_not(self, stage: Stage, acts: Watched, name: str) -> None:
        error = await stage.refusal(activity(stage, acts), act(stage, "ok", keep=[name]))
        assert (error.type, error.non_retryable) == ("RawResult", True)
        assert f"has no {name} that is a number" in str(error)


class TestTroubles:
    @pytest.mark.parametrize("name", ["fail", "raise", "crash"])
    async def test_a_failure_is_tried_again(self, stage: Stage, acts: Watched, name: str) -> None:
        error = await stage.refusal(activity(stage, acts), act(stage, name, " ".join(PRIVATE)))
        assert (error.type, error.non_retryable) == ("RawFailed", False)
        assert acts.results[0].run_id in str(error)
        assert (await stage.row()).result is None
        assert await stage.events() == []
        # The next run gets a process that works.
        await stage.act(activity(stage, acts), act(stage, "ok"))

    async def test_a_timeout_is_tried_again(self, stage: Stage, acts: Watched, tmp_path: Path) -> None:
        note = tmp_path / "note"
        error = await stage.refusal(activity(stage, acts), act(stage, "hang", str(note), timeout_seconds=8))
        assert (error.type, error.non_retryable) == ("RawFailed", False)
        assert "exit code 124" in str(error)
        pids = [int(pid) for pid in note.read_text().split()]
        await until(lambda: all(is_gone(pid) for pid in pids), 60)

    async def test_it_heartbeats_and_its_cancellation_kills_the_run(
        self, stage: Stage, acts: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(raw, "_HEARTBEAT_SECONDS", 0.1)
        note = tmp_path / "note"
        task = asyncio.create_task(stage.act(activity(stage, acts), act(stage, "hang", str(note))))
        await until(lambda: note.exists() and len(note.read_text().split()) == 2 and stage.beats >= 2, 60)
        pids = [int(pid) for pid in note.read_text().split()]
        assert not [pid for pid in pids if is_gone(pid)]
        stage.environments[-1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: all(is_gone(pid) for pid in pids), 60)
        beats = stage.beats
        await asyncio.sleep(1)
        assert stage.beats == beats
        await stage.act(activity(stage, acts), act(stage, "ok"))

    async def test_a_closed_pool(self, stage: Stage, acts: Watched) -> None:
        await acts.aclose()
        error = await stage.refusal(activity(stage, acts), act(stage, "ok"))
        assert (error.type, error.non_retryable) == ("RawFailed", False)

    async def test_a_broken_executor_does_not_end_the_worker(self, stage: Stage) -> None:
        """The SDK ends a whole worker whose activity raises BrokenExecutor."""

        class Broken(NoRunner):
            async def run(self, *_: Any, **__: Any) -> RunResult:
                raise BrokenProcessPool(" ".join(PRIVATE))

        error = await stage.refusal(activity(stage, Broken()), act(stage, "ok"))
        assert (error.type, error.non_retryable) == ("RawFailed", False)
        assert "could not be started (BrokenProcessPool)" in str(error)
        check_private(error)
