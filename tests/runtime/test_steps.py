from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from core_helpers import events, kinds, manifest, run
from pydantic import BaseModel

from raw_runtime import BaseWorkflow, WorkflowContext, conditional, get_workflow_context, retry, step
from raw_runtime.models import StepStatus


class Params(BaseModel):
    n: int = 1


class Out(BaseModel):
    total: int


def named(run_dir: str, kind: str) -> list[dict[str, Any]]:
    return [event for event in events(run_dir) if event["event_type"] == kind]


def test_a_step_is_journaled_with_its_types(tmp_path: Path) -> None:
    class Work(BaseWorkflow[Params]):
        @step("sum")
        def total(self, items: list[int], out: Out) -> Out:
            return Out(total=sum(items) + out.total)

        def run(self) -> int:
            assert self.total([1, 2], out=Out(total=3)) == Out(total=6)
            return 0

    result = run(Work, tmp_path)
    assert kinds(result.run_dir) == [
        "workflow.started",
        "workflow.provenance",
        "step.started",
        "step.completed",
        "workflow.completed",
    ]
    started, completed = named(result.run_dir, "step.started")[0], named(result.run_dir, "step.completed")[0]
    assert (started["step_name"], started["input_types"], started["output_type"]) == ("sum", ["list", "Out"], "Out")
    assert completed["result_type"] == "Out"
    assert completed["duration_seconds"] >= 0
    [row] = manifest(result.run_dir)["steps"]
    assert (row["name"], row["status"], row["retries"], row["cached"]) == ("sum", "success", 0, False)


def test_a_failing_step_is_journaled_and_raises(tmp_path: Path) -> None:
    class Work(BaseWorkflow[Params]):
        @step("bad")
        def bad(self) -> None:
            raise KeyError("lost")

        def run(self) -> int:
            with pytest.raises(KeyError):
                self.bad()
            return 4

    result = run(Work, tmp_path)
    assert result.exit_code == 4
    assert named(result.run_dir, "step.failed")[0]["error"] == "'lost'"
    assert named(result.run_dir, "workflow.failed")[0]["failed_step"] == "bad"
    assert manifest(result.run_dir)["steps"][0]["status"] == "failed"


def test_without_a_run_only_the_function_runs() -> None:
    @step("alone")
    @retry(retries=1, base_delay=0)
    def double(x: int) -> int:
        return 2 * x

    assert double(4) == 8
    assert double.__name__ == "double"


def test_a_step_needs_a_name() -> None:
    with pytest.raises(TypeError, match=r'@step\("name"\)'):
        step(lambda: None)  # type: ignore[arg-type]


def test_async_steps_are_recorded_when_they_end(tmp_path: Path) -> None:
    order: list[str] = []

    class Work(BaseWorkflow[Params]):
        @step("slow")
        async def slow(self) -> int:
            await asyncio.sleep(0.02)
            order.append("end")
            return 1

        @step("fails")
        async def fails(self) -> int:
            await asyncio.sleep(0)
            raise ValueError("later")

        def run(self) -> int:
            async def both() -> None:
                coroutine = self.slow()
                assert "step.completed" not in kinds(result_dir)
                assert await coroutine == 1
                with pytest.raises(ValueError, match="later"):
                    await self.fails()

            assert self.context is not None
            result_dir = str(self.context.workflow_dir)
            asyncio.run(both())
            return 0

    result = run(Work, tmp_path)
    assert result.ok, result.message
    assert order == ["end"]
    assert named(result.run_dir, "step.completed")[0]["duration_seconds"] >= 0.02
    assert kinds(result.run_dir)[2:6] == ["step.started", "step.completed", "step.started", "step.failed"]


def test_a_cancelled_async_step_is_recorded_as_failed(tmp_path: Path) -> None:
    class Work(BaseWorkflow[Params]):
        @step("waits")
        async def waits(self) -> None:
            await asyncio.sleep(60)

        async def go(self) -> None:
            task = asyncio.create_task(self.waits())
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        def run(self) -> int:
            asyncio.run(self.go())
            return 0

    result = run(Work, tmp_path)
    assert named(result.run_dir, "step.failed")[0]["error"] == "CancelledError"


def test_side_by_side_async_steps_keep_apart(tmp_path: Path) -> None:
    class Work(BaseWorkflow[Params]):
        @step("one")
        async def one(self, i: int) -> int:
            await asyncio.sleep(0.01 * (3 - i))
            return i

        async def go(self) -> list[int]:
            return list(await asyncio.gather(*(self.one(i) for i in range(3))))

        def run(self) -> int:
            assert asyncio.run(self.go()) == [0, 1, 2]
            return 0

    assert len(named(run(Work, tmp_path).run_dir, "step.completed")) == 3


def test_steps_in_threads_of_the_workflow_are_recorded(tmp_path: Path) -> None:
    class Work(BaseWorkflow[Params]):
        @step("part")
        def part(self, i: int) -> int:
            return i * i

        def run(self) -> int:
            with ThreadPoolExecutor(4) as pool:
                assert sum(pool.map(self.part, range(50))) == 40425
            return 0

    result = run(Work, tmp_path)
    assert result.ok, result.message
    assert len(named(result.run_dir, "step.completed")) == 50


def test_runs_in_threads_of_one_process_keep_apart(tmp_path: Path) -> None:
    gate = threading.Barrier(4)

    class Work(BaseWorkflow[Params]):
        @step("me")
        def me(self) -> int:
            gate.wait(timeout=30)
            context = get_workflow_context()
            assert context is self.context
            return self.params.n

        def run(self) -> int:
            self.save("result.json", {"n": self.me()})
            return 0

    (tmp_path / ".raw").mkdir()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda n: run(Work, tmp_path, {"n": n}, f"run-{n}"), range(4)))
    assert [r.result for r in results] == [{"n": n} for n in range(4)]
    assert all(kinds(r.run_dir).count("step.completed") == 1 for r in results)
    assert get_workflow_context() is None


@pytest.mark.parametrize(
    ("backoff", "base", "delays"),
    [("exponential", 0.01, [0.01, 0.02, 0.04]), ("fixed", 0.01, [0.01] * 3), ("linear", 0.0, [0.0] * 3)],
)
def test_retry_waits_and_tells(tmp_path: Path, backoff: str, base: float, delays: list[float]) -> None:
    class Work(BaseWorkflow[Params]):
        calls = 0

        @step("fetch")
        @retry(retries=3, backoff=backoff, base_delay=base)
        def load(self) -> str:
            Work.calls += 1
            if Work.calls <= 3:
                raise ConnectionError(f"no {Work.calls}")
            return "ok"

        def run(self) -> int:
            return 0 if self.load() == "ok" else 1

    result = run(Work, tmp_path)
    assert result.ok, result.message
    retries = named(result.run_dir, "step.retry")
    assert [(r["step_name"], r["attempt"], r["max_attempts"], r["error"]) for r in retries] == [
        ("load", 1, 4, "no 1"),
        ("load", 2, 4, "no 2"),
        ("load", 3, 4, "no 3"),
    ]
    assert [r["delay_seconds"] for r in retries] == delays
    assert manifest(result.run_dir)["steps"][0]["retries"] == 3


def test_retry_ends_with_the_original_exception_and_keeps_to_its_types() -> None:
    calls: list[int] = []

    @retry(retries=2, retry_on=(ValueError,), base_delay=0)
    def fails(error: Exception) -> None:
        calls.append(1)
        raise error

    original = ValueError("same object")
    with pytest.raises(ValueError, match="same object") as caught:
        fails(original)
    assert caught.value is original
    assert len(calls) == 3
    with pytest.raises(KeyError):
        fails(KeyError("other"))
    assert len(calls) == 4
    assert fails.__dict__["_retry_config"] == {"retries": 2, "backoff": "exponential"}


def test_retry_needs_parentheses() -> None:
    with pytest.raises(TypeError, match="parentheses"):
        retry(lambda: None)  # type: ignore[arg-type]


def test_retry_of_async_functions() -> None:
    calls: list[int] = []

    @retry(retries=2, base_delay=0)
    async def flaky() -> str:
        calls.append(1)
        await asyncio.sleep(0)
        if len(calls) < 3:
            raise OSError("again")
        return "ok"

    assert asyncio.run(flaky()) == "ok"
    assert len(calls) == 3


def test_conditional(tmp_path: Path) -> None:
    class Work(BaseWorkflow[Params]):
        @step("alert")
        @conditional(lambda self: self.params.n > 5, skip_reason="too few")
        def alert(self) -> str:
            return "sent"

        @conditional(lambda _, x: x > 0)
        async def later(self, x: int) -> int:
            return x

        def run(self) -> int:
            off, on = self.later(0), self.later(2)
            assert off is not None
            assert on is not None
            assert asyncio.run(off) is None
            assert asyncio.run(on) == 2
            return 0 if self.alert() is None else 3

    result = run(Work, tmp_path)
    assert result.exit_code == 0
    assert [(e["step_name"], e["reason"]) for e in named(result.run_dir, "step.skipped")] == [
        ("later", "Condition not met"),
        ("alert", "too few"),
    ]
    assert run(Work, tmp_path, {"n": 6}, "second").exit_code == 3


def test_library_use_of_the_context(tmp_path: Path) -> None:
    @step("work")
    def work(x: int) -> dict[str, int]:
        return {"x": x}

    with WorkflowContext("20260101-demo-abc123", "demo", {"name": "Ada Lovelace"}, tmp_path) as context:
        work(3)
        [result] = context.get_steps()
        assert (result.name, result.status, result.result) == ("work", StepStatus.SUCCESS, {"x": 3})
        made = context.finalize()
    assert made.run.status.value == "success"
    assert made.run.parameters == {"name": "Ada Lovelace"}
    text = (tmp_path / "manifest.json").read_text()
    assert "Lovelace" not in text
    assert '"<str, 12 chars>"' in text


def test_personal_data_stay_out_of_journal_and_manifest(tmp_path: Path) -> None:
    class Private(BaseModel):
        id: str = ""
        cv_text: str = ""
        tags: list[str] = []

    class Work(BaseWorkflow[Private]):
        @step("parse")
        def parse(self, text: str) -> dict[str, str]:
            return {"copied": text}

        @step("check")
        def check(self) -> None:
            Out.model_validate({"total": self.params.cv_text})

        def run(self) -> int:
            self.parse(self.params.cv_text)
            self.check()
            return 0

    secret = "Jane Doe, born 1980"
    result = run(Work, tmp_path, {"id": "cand-7", "cv_text": secret, "tags": [secret]})
    assert result.exit_code == 1
    folder = Path(result.run_dir)
    for name in ("events.jsonl", "manifest.json"):
        text = (folder / name).read_text()
        assert "Jane" not in text
        assert "cand-7" in text
        assert "<str, 19 chars>" in text
    for name in ("params.json", "steps.jsonl"):
        assert secret in (folder / name).read_text()
        assert (folder / name).stat().st_mode & 0o777 == 0o600
