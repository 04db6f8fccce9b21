from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Generic, TypeVar

import pytest
from pydantic import BaseModel

from raw_runtime import BaseWorkflow, CompletionSignal, WorkflowContext, WorkflowResult
from raw_runtime.protocols.logger import ListLogger


class Params(BaseModel):
    name: str = "Ada"


class Model(BaseModel):
    score: float


class Plain(BaseWorkflow[Params]):
    def run(self) -> int:
        return 0


@pytest.fixture
def workflow(tmp_path: Path) -> Plain:
    context = WorkflowContext("Plain", "Plain", workflow_dir=tmp_path, log_file=tmp_path / "output.log")
    return Plain(Params(), context, ListLogger())


def test_star_import_gives_every_public_name() -> None:
    space: dict[str, Any] = {}
    exec("from raw_runtime import *", space)
    import raw_runtime

    assert set(raw_runtime.__all__) <= space.keys()
    # The exported decorator must not be hidden by a module of that name.
    assert all(callable(space[name]) for name in ("step", "cache", "retry", "conditional", "raw_step", "cache_step"))


def test_decorators_are_the_same_wherever_they_are_imported_from() -> None:
    from raw_runtime import base, cache, cache_step, decorators, raw_step, retry, step

    assert step is raw_step is base.step is decorators.raw_step
    assert cache is cache_step is base.cache is decorators.cache_step
    assert retry is base.retry is decorators.retry


def test_unknown_name_is_an_attribute_error() -> None:
    import raw_runtime

    with pytest.raises(AttributeError, match="no_such_name"):
        _ = raw_runtime.no_such_name


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"a": [1]}, '{\n  "a": [\n    1\n  ]\n}'),
        ([1], "[\n  1\n]"),
        (b"\x00\xff", None),
        (Model(score=0.5), '{\n  "score": 0.5\n}'),
        ("plain [/b]", "plain [/b]"),
        (7, "7"),
        ({"m": Model(score=1)}, '{\n  "m": {\n    "score": 1.0\n  }\n}'),
    ],
)
def test_save_writes_each_kind(workflow: Plain, data: object, text: str | None) -> None:
    path = workflow.save("file", data)
    assert path == workflow.results_dir / "file"
    if text is None:
        assert path.read_bytes() == data
    else:
        assert path.read_text() == text
    # Nothing of the writing is left.
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_save_makes_folders_inside_results(workflow: Plain, tmp_path: Path) -> None:
    path = workflow.save("deep/er/x.txt", "x")
    assert path == tmp_path / "results" / "deep" / "er" / "x.txt"
    assert workflow.context is not None
    assert [a.path for a in workflow.context.get_artifacts()] == ["results/deep/er/x.txt"]


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "", ".", "..", "sub/", "a\0b", "/"])
def test_save_refuses_what_leaves_results(workflow: Plain, tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="inside the results folder"):
        workflow.save(name, "x")
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == []


def test_save_refuses_a_link_out_of_results(workflow: Plain, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (workflow.results_dir / "link").symlink_to(outside)
    with pytest.raises(ValueError, match="inside the results folder"):
        workflow.save("link/x", "x")
    assert list(outside.iterdir()) == []


def test_save_replaces_whole_or_not_at_all(workflow: Plain) -> None:
    path = workflow.save("data.json", {"old": True})
    with pytest.raises(TypeError):
        workflow.save("data.json", {("no", "key"): 1})
    assert json.loads(path.read_text()) == {"old": True}
    workflow.save("data.json", {"new": True})
    assert json.loads(path.read_text()) == {"new": True}
    assert workflow.context is not None
    assert len(workflow.context.get_artifacts()) == 1


def test_log_prints_text_as_it_is_and_keeps_it(workflow: Plain, tmp_path: Path) -> None:
    workflow.log("[/b] <script> {{x}}")
    assert isinstance(workflow._logger, ListLogger)
    assert workflow._logger.messages == ["  [/b] <script> {{x}}"]
    line = (tmp_path / "output.log").read_text()
    assert line.startswith("[20")
    assert line.endswith(" UTC] [/b] <script> {{x}}\n")


def test_without_a_context_files_go_to_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    workflow = Plain(Params(), logger=ListLogger())
    assert workflow.results_dir == Path("results") == workflow.run_dir
    assert workflow.log_file == Path("output.log")
    workflow.save("a.txt", "x")
    workflow.log("hello")
    assert (tmp_path / "results" / "a.txt").read_text() == "x"
    assert "hello" in (tmp_path / "output.log").read_text()


def test_signals(workflow: Plain) -> None:
    good, bad, done = workflow.success("ok", data=[1]), workflow.error("no", 3), workflow.complete("end")
    assert (good.signal, good.data, good.exit_code) == (CompletionSignal.SUCCESS, [1], 0)
    assert good.is_success()
    assert not good.is_complete()
    assert (bad.signal, bad.exit_code) == (CompletionSignal.ERROR, 3)
    assert bad.is_error()
    assert done.is_success()
    assert done.is_complete()
    assert WorkflowResult.model_validate_json(done.model_dump_json()) == done


T = TypeVar("T", bound=BaseModel)


class Middle(BaseWorkflow[T], Generic[T]):
    pass


class ThroughGeneric(Middle[Params]):
    def run(self) -> int:
        return 0


class Inherited(Plain):
    pass


class ByName(BaseWorkflow["Later"]):
    def run(self) -> int:
        return 0


class Later(BaseModel):
    pass


@pytest.mark.parametrize(
    ("cls", "expected"), [(Plain, Params), (Inherited, Params), (ThroughGeneric, Params), (ByName, Later)]
)
def test_params_class(cls: type[BaseWorkflow[Any]], expected: type[BaseModel]) -> None:
    assert cls._get_params_class() is expected


def test_params_class_is_required() -> None:
    class Bare(BaseWorkflow):  # type: ignore[type-arg]
        def run(self) -> int:
            return 0

    with pytest.raises(TypeError, match="Bare must name its params model"):
        Bare._get_params_class()


def test_run_is_abstract() -> None:
    class NoRun(BaseWorkflow[Params]):
        pass

    with pytest.raises(TypeError, match="abstract"):
        NoRun(Params())  # type: ignore[abstract]
