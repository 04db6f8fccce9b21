from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

import pytest
from core_helpers import events, kinds, manifest, run
from pydantic import BaseModel, Field

from raw_runtime import BaseWorkflow, WorkflowContext, configure_context_for_resume, prepare_resume_state, step
from raw_runtime.codec import Codec, NotEncodable, digest_call


class Params(BaseModel):
    fail_at: int = 3
    secret: str = "s"


class Out(BaseModel):
    day: date
    price: Decimal
    parts: tuple[int, ...]


class Kind(Enum):
    A = "a"


@dataclass
class Pair:
    left: int
    right: set[str]


OUT = Out(day=date(2026, 1, 2), price=Decimal("1.10"), parts=(1, 2))


class Work(BaseWorkflow[Params]):
    calls: ClassVar[list[str]] = []
    broken = True

    @step("typed")
    def typed(self, n: int) -> Out:
        Work.calls.append(f"typed {n}")
        return OUT

    @step("nothing")
    def nothing(self) -> None:
        Work.calls.append("nothing")

    @step("later")
    async def later(self, x: int) -> list[Pair]:
        Work.calls.append(f"later {x}")
        await asyncio.sleep(0)
        return [Pair(x, {"a"})]

    @step("unknown")
    def unknown(self):  # type: ignore[no-untyped-def]
        Work.calls.append("unknown")
        return (1, 2)

    @step("last")
    def last(self) -> str:
        Work.calls.append("last")
        if Work.broken:
            raise RuntimeError("not yet")
        return "done"

    def run(self) -> int:
        assert self.typed(1) == OUT == self.typed(2)
        assert type(self.typed(1).parts) is tuple
        assert self.nothing() is None
        assert asyncio.run(self.later(5)) == [Pair(5, {"a"})]
        assert self.unknown() == (1, 2)
        self.save("result.json", {"last": self.last()})
        return 0


@pytest.fixture(autouse=True)
def _fresh() -> None:
    Work.calls.clear()
    Work.broken = True


EVERY = ["typed 1", "typed 2", "typed 1", "nothing", "later 5", "unknown", "last"]


def test_finished_steps_give_back_their_results(tmp_path: Path) -> None:
    first = run(Work, tmp_path, run_id="one")
    assert first.exit_code == 1
    assert Work.calls == EVERY
    Work.calls.clear()
    # A resumed run that fails again can be resumed in its turn.
    second = run(Work, tmp_path, run_id="two", resume_from=first.run_dir)
    assert second.exit_code == 1
    assert Work.calls == ["unknown", "last"]
    Work.calls.clear()
    Work.broken = False
    third = run(Work, tmp_path, run_id="three", resume_from=second.run_dir)
    assert third.ok, third.message
    assert Work.calls == ["unknown", "last"]
    assert third.result == {"last": "done"}
    skipped = [e for e in events(third.run_dir) if e["event_type"] == "step.skipped"]
    assert [e["step_name"] for e in skipped] == ["typed", "typed", "typed", "nothing", "later"]
    assert {e["reason"] for e in skipped} == {"Resumed from run two"}
    assert manifest(third.run_dir)["provenance"]["resumed_from"] == "two"
    assert [s["status"] for s in manifest(third.run_dir)["steps"]] == ["skipped"] * 5 + ["success"] * 2


def test_the_log_names_step_call_and_arguments(tmp_path: Path) -> None:
    folder = Path(run(Work, tmp_path).run_dir)
    rows = [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]
    assert [(r["name"], r["ordinal"], r["kind"]) for r in rows] == [
        ("typed", 1, "typed"),
        ("typed", 2, "typed"),
        ("typed", 3, "typed"),
        ("nothing", 1, "plain"),
        ("later", 1, "typed"),
    ]
    assert rows[0]["args"] == rows[2]["args"] != rows[1]["args"]
    assert rows[0]["result"] == {"day": "2026-01-02", "price": "1.10", "parts": [1, 2]}


def test_half_a_line_is_left_out(tmp_path: Path) -> None:
    first = run(Work, tmp_path, run_id="one")
    log = Path(first.run_dir) / "steps.jsonl"
    lines = log.read_text().splitlines()
    log.write_text("\n".join([*lines[:1], "[]", '{"name": "typed"}', lines[1][:40]]))
    Work.calls.clear()
    run(Work, tmp_path, run_id="two", resume_from=first.run_dir)
    assert Work.calls == EVERY[1:]


def test_a_result_that_no_longer_fits_its_type_is_made_again(tmp_path: Path) -> None:
    first = run(Work, tmp_path, run_id="one")
    log = Path(first.run_dir) / "steps.jsonl"
    log.write_text(log.read_text().replace("2026-01-02", "someday"))
    Work.calls.clear()
    run(Work, tmp_path, run_id="two", resume_from=first.run_dir)
    assert Work.calls[:3] == EVERY[:3]


def test_other_params_take_no_old_results(tmp_path: Path) -> None:
    first = run(Work, tmp_path, run_id="one")
    Work.calls.clear()
    run(Work, tmp_path, {"fail_at": 4}, run_id="two", resume_from=first.run_dir)
    assert Work.calls == EVERY


def test_steps_that_do_more_than_return_run_again(tmp_path: Path) -> None:
    calls: list[str] = []

    class Impure(BaseWorkflow[Params]):
        data: list[int] | None = None

        @step("keeps")
        def keeps(self) -> None:
            calls.append("keeps")
            self.data = [1]

        @step("writes")
        def writes(self) -> str:
            calls.append("writes")
            self.save("report.txt", "x")
            return "report.txt"

        @step("outer")
        def outer(self) -> str:
            calls.append("outer")
            return self.writes()

        @step("pure")
        def pure(self) -> int:
            calls.append("pure")
            return 1

        def run(self) -> int:
            self.keeps()
            self.outer()
            self.pure()
            assert self.data == [1]
            return 1

    first = run(Impure, tmp_path, run_id="one")
    second = run(Impure, tmp_path, run_id="two", resume_from=first.run_dir)
    assert second.artifacts == ["results/report.txt"]
    assert calls == ["keeps", "outer", "writes", "pure", "keeps", "outer", "writes"]


def test_side_by_side_calls_find_their_own(tmp_path: Path) -> None:
    class Wide(BaseWorkflow[Params]):
        ran: ClassVar[list[int]] = []

        @step("item")
        async def item(self, i: int) -> int:
            Wide.ran.append(i)
            await asyncio.sleep(0.001 * (5 - i))
            if i == 2 and len(Wide.ran) == 5:
                raise ValueError("third")
            return i * 10

        async def go(self) -> list[int]:
            found = await asyncio.gather(*(self.item(i) for i in range(5)), return_exceptions=True)
            return [x for x in found if isinstance(x, int)]

        def run(self) -> int:
            found = asyncio.run(self.go())
            self.save("result.json", found)
            return 0 if len(found) == 5 else 1

    first = run(Wide, tmp_path, run_id="one")
    assert first.exit_code == 1
    second = run(Wide, tmp_path, run_id="two", resume_from=first.run_dir)
    assert second.result == [0, 10, 20, 30, 40]
    assert Wide.ran[5:] == [2]


def test_library_form(tmp_path: Path) -> None:
    first = run(Work, tmp_path, run_id="one")
    journal = Path(first.run_dir) / "events.jsonl"
    names, run_id = prepare_resume_state(journal)
    assert (names, run_id) == ({"typed", "nothing", "later", "unknown"}, "one")
    context = WorkflowContext("Work", "Work")
    configure_context_for_resume(context, journal)
    assert context.resume_completed_steps == names
    Work.calls.clear()
    with context:
        work = Work(Params(), context)
        assert work.typed(1) == OUT
        # Finished then, but its result was not kept: never None, made again.
        assert work.unknown() == (1, 2)
    assert Work.calls == ["unknown"]
    with pytest.raises(ValueError, match="Journal not found"):
        prepare_resume_state(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("half a li")
    with pytest.raises(ValueError, match=r"no event workflow\.started"):
        prepare_resume_state(tmp_path / "empty.jsonl")


def test_resume_without_a_step_log_runs_everything(tmp_path: Path) -> None:
    result = run(Work, tmp_path, run_id="two", resume_from=str(tmp_path))
    assert Work.calls == EVERY
    assert "step.skipped" not in kinds(result.run_dir)


def returning(annotation: Any) -> Codec:
    def function() -> None: ...

    function.__annotations__["return"] = annotation
    return Codec(function)


class Aliased(BaseModel):
    years: int = Field(alias="yearsOfWork")


class Loses(BaseModel):
    kept: int
    lost: int = Field(default=0, exclude=True)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (dict[str, Any], {"a": [1, 2.5, None, True, "x\n\ud800"]}),
        (Any, [1, {"b": "c"}]),
        (int, 3),
        (float, 3),
        (tuple[int, str], (1, "a")),
        (set[int], {1, 2}),
        (dict[int, date], {1: date(2026, 1, 1)}),
        (Out | None, OUT),
        (Out | None, None),
        (list[Out], [OUT]),
        (Kind, Kind.A),
        (Pair, Pair(1, {"x"})),
        (Aliased, Aliased(yearsOfWork=3)),
        (bytes, b"abc"),
        (Path, Path("a/b")),
    ],
)
def test_codec_gives_the_same_value_back(annotation: object, value: object) -> None:
    codec = returning(annotation)
    kind, text = codec.encode(value)
    assert "\n" not in text
    back = codec.decode(kind, json.loads(text))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Any, (1, 2)),
        (Any, OUT),
        (dict, {"m": OUT}),
        (dict, {1: "a"}),
        (list, [(1,)]),
        (float, float("nan")),
        (Loses, Loses(kept=1, lost=5)),
        (object, object()),
        ("NoSuchName", OUT),
        (Out, {"day": OUT}),
    ],
)
def test_codec_refuses_what_would_not_come_back(annotation: object, value: object) -> None:
    with pytest.raises(NotEncodable):
        returning(annotation).encode(value)


def test_digests_tell_arguments_apart_by_type_and_content() -> None:
    values: list[Any] = [1, 1.0, True, "1", None, [1], (1,), {1}, {"a": 1}, {"a": 2}, b"1", Kind.A, "a"]
    values += [OUT, Pair(1, set()), Pair(2, set()), date(2026, 1, 1), Decimal(1), Path("1"), [], {}]
    digests = [digest_call((value,), {}) for value in values]
    assert len(set(digests)) == len(values)
    assert digest_call((), {"a": 1, "b": 2}) == digest_call((), {"b": 2, "a": 1})
    with pytest.raises(NotEncodable):
        digest_call((object(),), {})
