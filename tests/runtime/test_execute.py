from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from core_helpers import events, kinds, make_spec, manifest, run
from pydantic import BaseModel

from raw_runtime import BaseWorkflow, WorkflowContext, WorkflowResult, get_workflow_context, step
from raw_runtime.execute import execute
from raw_runtime.lock import release, take
from raw_runtime.protocols.logger import ListLogger


class Params(BaseModel):
    name: str = "Ada"


class Odd(int):
    pass


def workflow_returning(make: Any) -> type[BaseWorkflow[Params]]:
    class Returning(BaseWorkflow[Params]):
        def run(self) -> int:
            return make(self)  # type: ignore[no-any-return]

    return Returning


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda _: 0, (0, "success", "success", "Workflow completed successfully")),
        (lambda _: None, (0, "success", "success", "Workflow completed successfully")),
        (lambda _: True, (0, "success", "success", "Workflow completed successfully")),
        (lambda _: Odd(0), (0, "success", "success", "Workflow completed successfully")),
        (lambda _: False, (1, "error", "failed", "run() returned False")),
        (lambda _: 3, (3, "error", "failed", "Workflow failed with exit code: 3")),
        (lambda _: 256, (1, "error", "failed", "Workflow failed with exit code: 256")),
        (lambda _: -1, (255, "error", "failed", "Workflow failed with exit code: -1")),
        (lambda w: w.success("good"), (0, "success", "success", "good")),
        (lambda w: w.complete("all done"), (0, "complete", "success", "all done")),
        (lambda w: w.error("bad", 7), (7, "error", "failed", "bad")),
        (lambda w: w.error("bad", 0), (1, "error", "failed", "bad")),
        (lambda _: WorkflowResult.success("built"), (0, "success", "success", "built")),
        (lambda w: w.success("portable").exit_code, (0, "success", "success", "portable")),
        (lambda w: w.complete("portable").exit_code, (0, "complete", "success", "portable")),
        (lambda w: w.error("portable", 4).exit_code, (4, "error", "failed", "portable")),
        (lambda w: (w.error("not this", 4), 0)[1], (0, "success", "success", "Workflow completed successfully")),
    ],
)
def test_what_run_returns(tmp_path: Path, make: Any, expected: tuple[int, str, str, str]) -> None:
    result = run(workflow_returning(make), tmp_path)
    data = manifest(result.run_dir)
    assert (result.exit_code, result.status, data["run"]["status"], result.message) == expected
    assert (data["exit_code"], data["signal"], data["message"]) == (result.exit_code, result.status, result.message)
    assert data["status"] == expected[2]
    assert kinds(result.run_dir)[-1] == ("workflow.completed" if result.ok else "workflow.failed")


@pytest.mark.parametrize("value", ["0", {"exit": 0}, 0.0, [], b""])
def test_other_returns_fail_with_a_plain_message(tmp_path: Path, value: object) -> None:
    result = run(workflow_returning(lambda _: value), tmp_path)
    assert result.exit_code == 1
    assert f"run() returned a {type(value).__name__}" in result.message


def test_an_async_run_is_awaited(tmp_path: Path) -> None:
    class Later(BaseWorkflow[Params]):
        async def run(self) -> int:  # type: ignore[override]
            await asyncio.sleep(0)
            return self.success("later").exit_code

    result = run(Later, tmp_path)
    assert (result.exit_code, result.message) == (0, "later")


def test_exceptions_name_the_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_: object) -> int:
        raise ZeroDivisionError("two\nlines")

    logger = ListLogger()
    result = run(workflow_returning(fail), tmp_path, logger=logger)
    line = next(
        n for n, text in enumerate(Path(__file__).read_text().splitlines(), 1) if 'ZeroDivisionError("two' in text
    )
    assert result.message == f"two lines (ZeroDivisionError, at test_execute.py:{line})"
    assert logger.messages[-1] == f"  Error: {result.message}"
    assert "Traceback (most recent call last)" in capsys.readouterr().err
    assert events(result.run_dir)[-1]["error"] == result.message
    assert manifest(result.run_dir)["error"] == result.message


@pytest.mark.parametrize(
    ("error", "code", "status", "message"),
    [
        (SystemExit(5), 5, "failed", "Workflow failed with exit code: 5"),
        (SystemExit(), 0, "success", "Workflow completed successfully"),
        (SystemExit("stop here"), 1, "failed", "stop here"),
        (KeyboardInterrupt(), 130, "cancelled", "Workflow cancelled"),
        (asyncio.CancelledError(), 1, "failed", "CancelledError"),
        (RecursionError("deep"), 1, "failed", "deep (RecursionError"),
    ],
)
def test_nothing_that_a_workflow_raises_gets_out(
    tmp_path: Path, error: BaseException, code: int, status: str, message: str
) -> None:
    def fail(_: object) -> int:
        raise error

    result = run(workflow_returning(fail), tmp_path)
    assert (result.exit_code, manifest(result.run_dir)["run"]["status"]) == (code, status)
    assert result.message.startswith(message)
    assert get_workflow_context() is None


def test_result_and_artifacts(tmp_path: Path) -> None:
    class Saves(BaseWorkflow[Params]):
        def run(self) -> int:
            self.save("charts/a.svg", "<svg/>")
            self.save("result.json", {"score": float("nan"), "name": self.params.name})
            return 0

    result = run(Saves, tmp_path)
    assert result.result == {"score": None, "name": "Ada"}
    assert result.artifacts == ["results/charts/a.svg", "results/result.json"]
    data = manifest(result.run_dir)
    assert data["result"] == result.result
    assert data["artifact_paths"] == result.artifacts
    assert json.loads(result.to_json())["result"] == result.result


def test_data_of_the_signal_is_the_result_when_none_was_saved(tmp_path: Path) -> None:
    only_data = run(workflow_returning(lambda w: w.success("ok", data=Params()).exit_code), tmp_path, run_id="one")
    assert only_data.result == {"name": "Ada"}

    def both(w: BaseWorkflow[Params]) -> int:
        w.save("result.json", [1])
        return w.success("ok", data=[2]).exit_code

    assert run(workflow_returning(both), tmp_path, run_id="two").result == [1]
    assert run(workflow_returning(lambda w: w.success("ok", data=b"\xff")), tmp_path, run_id="three").result is not None


def test_a_result_that_is_not_json_is_no_result(tmp_path: Path) -> None:
    def text(w: BaseWorkflow[Params]) -> int:
        w.save("result.json", "plain words")
        return 0

    assert run(workflow_returning(text), tmp_path).result is None


class Scaffold(BaseWorkflow[Params]):
    def __init__(self, params: Params, context: WorkflowContext | None = None) -> None:
        super().__init__(params, context)
        self._my_counter = 0

    def run(self) -> int:
        self.log(f"counter {self._my_counter}")
        return 0


class OnlyParams(Scaffold):
    def __init__(self, params: Params) -> None:
        self._my_counter = len(params.name)


class Anything(Scaffold):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(args[0], kwargs["context"])
        assert "logger" in kwargs


@pytest.mark.parametrize("cls", [Scaffold, OnlyParams, Anything])
def test_other_constructors(tmp_path: Path, cls: type[BaseWorkflow[Any]]) -> None:
    logger = ListLogger()
    result = run(cls, tmp_path, logger=logger)
    assert result.ok, result.message
    assert any(message.startswith("  counter ") for message in logger.messages)


def test_a_failing_constructor_is_a_failed_run(tmp_path: Path) -> None:
    class Broken(Scaffold):
        def __init__(self, params: Params) -> None:
            raise LookupError(f"no table for {params.name}")

    logger = ListLogger()
    result = run(Broken, tmp_path, logger=logger)
    assert result.exit_code == 1
    assert "no table" in result.message
    assert logger.messages == [f"Error: {result.message}"]


def test_private_files_and_the_log(tmp_path: Path) -> None:
    class Work(BaseWorkflow[Params]):
        @step("one")
        def one(self) -> int:
            return 1

        def run(self) -> int:
            self.log("words")
            return self.one() - 1

    supervised = Path(run(Work, tmp_path, run_id="one").run_dir)
    names = {".lock", "events.jsonl", "manifest.json", "params.json", "results", "steps.jsonl"}
    assert {p.name for p in supervised.iterdir()} == names
    for name in ("params.json", "steps.jsonl", ".lock"):
        assert (supervised / name).stat().st_mode & 0o777 == 0o600
    assert json.loads((supervised / "params.json").read_text()) == {"name": "Ada"}
    alone = Path(run(Work, tmp_path, run_id="two", supervised=False).run_dir)
    assert {p.name for p in alone.iterdir()} == names | {"output.log"}
    assert "words" in (alone / "output.log").read_text()
    assert "Ada" not in (alone / "output.log").read_text()


def test_two_runs_cannot_share_a_folder(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    held = take(Path(spec.run_dir))
    assert held is not None
    with pytest.raises(RuntimeError, match="Another process runs"):
        execute(Scaffold, Params(), spec, durable=False)
    release(held)
    assert execute(Scaffold, Params(), spec, logger=ListLogger(), durable=False).ok


def test_a_workflow_inside_a_workflow(tmp_path: Path) -> None:
    class Inner(BaseWorkflow[Params]):
        def run(self) -> int:
            assert get_workflow_context() is self.context
            return 0

    class Outer(BaseWorkflow[Params]):
        def run(self) -> int:
            assert run(Inner, tmp_path, run_id="inner").ok
            assert get_workflow_context() is self.context
            return 0

    result = run(Outer, tmp_path, run_id="outer")
    assert result.ok, result.message


def test_events_reach_subscribers_as_models(tmp_path: Path) -> None:
    heard: list[Any] = []

    class Work(BaseWorkflow[Params]):
        @step("one")
        def one(self) -> int:
            return 1

        def run(self) -> int:
            assert self.context is not None
            assert self.context._event_bus is not None
            self.context._event_bus.subscribe(heard.append)
            return self.one() - 1

    result = run(Work, tmp_path)
    assert [e.event_type.value for e in heard] == ["step.started", "step.completed", "workflow.completed"]
    assert heard[0].event_id == events(result.run_dir)[2]["event_id"]


def test_duration_counts_wall_time(tmp_path: Path) -> None:
    def sleep(_: object) -> int:
        asyncio.run(asyncio.sleep(0.05))
        return 0

    assert run(workflow_returning(sleep), tmp_path).duration_seconds >= 0.05
