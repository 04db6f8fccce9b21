from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from core_helpers import events, kinds, make_project, run
from pydantic import BaseModel

from raw_runtime import BaseWorkflow, cache, step
from raw_runtime.loading import load_workflow_class


class Params(BaseModel):
    n: int = 1
    other: str = "a"


class Point(BaseModel):
    x: int
    labels: tuple[str, ...] = ()


class Work(BaseWorkflow[Params]):
    calls: ClassVar[list[Any]] = []

    @step("compute")
    @cache
    def compute(self, point: Point) -> Point:
        Work.calls.append(point)
        return Point(x=point.x * self.params.n, labels=("a", "b"))

    @cache
    async def later(self, x: int) -> int:
        Work.calls.append(x)
        await asyncio.sleep(0)
        return x + 1

    @cache
    def odd(self) -> object:
        Work.calls.append("odd")
        return object()

    def run(self) -> int:
        point = self.compute(Point(x=2))
        assert type(point) is Point
        assert point == Point(x=2 * self.params.n, labels=("a", "b"))
        assert asyncio.run(self.later(1)) == 2
        self.odd()
        return 0


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path) -> None:
    Work.calls.clear()
    make_project(tmp_path)


def test_hits_and_misses_give_typed_values(tmp_path: Path) -> None:
    first = run(Work, tmp_path, run_id="one")
    assert first.ok, first.message
    assert Work.calls == [Point(x=2), 1, "odd"]
    assert kinds(first.run_dir).count("cache.miss") == 3
    second = run(Work, tmp_path, run_id="two")
    assert second.ok, second.message
    # A result that would not come back the same is not kept.
    assert Work.calls == [Point(x=2), 1, "odd", "odd"]
    assert kinds(second.run_dir).count("cache.hit") == 2
    assert kinds(second.run_dir).count("cache.miss") == 1
    hit = next(e for e in events(second.run_dir) if e["event_type"] == "cache.hit")
    assert hit["step_name"] == "compute"
    assert len(hit["cache_key"]) == 12
    file = tmp_path / ".raw" / "cache" / f"{hit['cache_key']}.json"
    assert json.loads(file.read_text())["result"] == {"x": 2, "labels": ["a", "b"]}
    assert file.stat().st_mode & 0o777 == 0o600


def test_other_params_are_another_key(tmp_path: Path) -> None:
    run(Work, tmp_path, run_id="one")
    assert run(Work, tmp_path, {"n": 5}, run_id="two").ok
    assert Work.calls.count(Point(x=2)) == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"result": 1}', b"\xff\xfe", b'{"key": "x", "kind": "plain"}'])
def test_a_broken_file_is_a_miss(tmp_path: Path, content: bytes) -> None:
    run(Work, tmp_path, run_id="one")
    for file in (tmp_path / ".raw" / "cache").iterdir():
        file.write_bytes(content)
    Work.calls.clear()
    assert run(Work, tmp_path, run_id="two").ok
    assert Work.calls == [Point(x=2), 1, "odd"]
    Work.calls.clear()
    assert run(Work, tmp_path, run_id="three").ok
    assert Work.calls == ["odd"]


def test_outside_a_project_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / ".raw" / "config.yaml").unlink()
    run(Work, tmp_path, run_id="one")
    result = run(Work, tmp_path, run_id="two")
    assert result.ok
    assert len(Work.calls) == 6
    assert not (tmp_path / ".raw" / "cache").exists()


SCRIPT = """
from pydantic import BaseModel
from raw_runtime import BaseWorkflow, cache

class P(BaseModel):
    pass

class A:
    @staticmethod
    @cache
    def value():
        return "A{version}"

class B:
    @staticmethod
    @cache
    def value():
        return "B"

class W(BaseWorkflow[P]):
    def run(self) -> int:
        self.save("result.json", [A.value(), B.value()])
        return 0
"""


def test_key_covers_the_class_and_the_source(tmp_path: Path) -> None:
    folder = tmp_path / ".raw" / "workflows" / "demo"
    folder.mkdir(parents=True)
    for version in ("1", "2"):
        (folder / "run.py").write_text(SCRIPT.replace("{version}", version))
        for time in ("first", "again"):
            result = run(load_workflow_class(folder / "run.py"), tmp_path, run_id=f"{time}-{version}")
            assert result.result == [f"A{version}", "B"]
            assert kinds(result.run_dir).count("cache.hit") == (2 if time == "again" else 0)


def test_cache_takes_no_arguments() -> None:
    with pytest.raises(TypeError, match="no arguments"):
        cache(3)  # type: ignore[arg-type]
