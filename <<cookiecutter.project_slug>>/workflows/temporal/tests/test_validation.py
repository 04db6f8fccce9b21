"""The parts of `temporal workflow validate`, on code that is made for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from temporalio import activity, workflow

from workflows.temporal.contracts import Activity
from workflows.temporal.outbox_sweep import OutboxSweep
from workflows.temporal.tests.parcel_workflow import ParcelProcess, Recall, Scan
from workflows.temporal.tests.tiny import Hold, Tiny
from workflows.temporal.tests.tiny_registry import hold
from workflows.temporal.validate import report
from workflows.temporal.validation.checks import statuses_of
from workflows.temporal.validation.imports import activity_names, driver_within_reach
from workflows.temporal.validation.model import Check, Doing, decode, encode
from workflows.temporal.validation.signatures import (
    check_activities,
    check_activity_signatures,
    check_signals,
    check_types,
    check_workflow_signatures,
    named_activities,
)


@workflow.defn(name="Tiny")
class Double:
    @workflow.run
    async def run(self, given: Hold) -> None:
        """Do nothing."""

    @workflow.signal
    def bare(self) -> None:
        """Take nothing."""

    @workflow.signal
    def loose(self, given: dict[str, Any]) -> None:
        """Take anything."""

    @workflow.query
    def vague(self):  # type: ignore[no-untyped-def]
        """Say something."""


@activity.defn
async def untyped(given):  # type: ignore[no-untyped-def]
    """Do nothing."""


def faults(check: Check) -> list[str]:
    assert not check.ok
    return [check.words, *check.details]


def test_types() -> None:
    assert check_types([Tiny]).ok
    assert faults(check_types([Tiny, Double])) == ["The workflow type 'Tiny' is registered 2 times."]
    assert faults(check_types([Path])) == ["Path has no @workflow.defn."]


def test_activities() -> None:
    assert check_activities([hold], [], Path(), ["hold"]).ok
    assert faults(check_activities([hold, hold], [], Path(), ["hold", "let_go"])) == [
        "The activity 'hold' is registered 2 times.",
        "The contracts name the activity 'let_go', which the registry does not have: who starts it waits for ever.",
    ]
    assert faults(check_activities([hold], [], Path(), [])) == [
        "The registry has the activity 'hold', which is in no enum `...Activity` of the contracts.",
    ]
    assert faults(check_activity_signatures([hold, untyped])) == [
        "untyped: its argument given has no annotation.",
        "untyped does not say what it returns.",
    ]


def test_signatures() -> None:
    assert check_workflow_signatures(Tiny).ok
    assert faults(check_workflow_signatures(Double)) == [
        "signal bare takes 0 arguments: give it exactly one, a pydantic model, which can grow.",
        "signal loose: its argument given is no pydantic model.",
        "query vague does not say what it returns.",
    ]


def test_signals() -> None:
    class Other(BaseModel):
        pass

    assert check_signals("parcel", ParcelProcess, [("scan", Scan), ("recall", Recall), ("scan", Scan)]).ok
    assert faults(check_signals("parcel", ParcelProcess, [("scan", Other), ("return", Other)])) == [
        "The process is sent the signal 'return', which its workflow does not take: it would change nothing.",
        "The workflow takes the signal 'recall', which is in no `Incoming` of the process: nobody sends it.",
        "The signal scan is sent with Other, and is taken with Scan.",
    ]


def test_names_of_activities(tmp_path: Path) -> None:
    assert set(named_activities([Tiny, ParcelProcess])) == {str(name) for name in Activity}
    (tmp_path / "p.py").write_text("x._act('a', y)\nx._effect(name, y)\nw.start_activity('b')\nx.act('c')\n")
    assert list(activity_names("p", tmp_path)) == [("a", 1), ("b", 3)]


def test_statuses() -> None:
    assert statuses_of(ParcelProcess) == ("arrived", "lost", "returned", "failed")
    assert statuses_of(OutboxSweep) == ()


@pytest.mark.parametrize(
    ("files", "chain"),
    [
        ({"a.py": "import json"}, ""),
        ({"a.py": "import sqlalchemy"}, "p.a sqlalchemy"),
        ({"a.py": "def f():\n    from asyncpg import connect"}, "p.a asyncpg"),
        ({"a.py": "from . import b", "b.py": "from .c import d", "c.py": "import aiosqlite"}, "p.a p.b p.c aiosqlite"),
        ({"a.py": "from p.q import e", "q/__init__.py": "import psycopg"}, "p.a p.q psycopg"),
        ({"a.py": "import p.q.r", "q/r.py": "from ..b import x", "b.py": "import redis"}, "p.a p.q.r p.b redis"),
        ({"a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import sqlalchemy"}, ""),
        ({"a.py": "import p.b", "b.py": "import p.a"}, ""),
        ({"__init__.py": "import redis", "a.py": ""}, "p.a p redis"),
    ],
)  # fmt: skip
def test_a_driver_within_reach(files: dict[str, str], chain: str, tmp_path: Path) -> None:
    for name, text in {"__init__.py": "", **files}.items():
        path = tmp_path / "p" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert " ".join(driver_within_reach("p.a", tmp_path)) == chain


def test_messages_and_what_others_print() -> None:
    check = Check("replay", "a.json", ok=False, words='says "no"\n', details=("x", "y"), advice="z")
    assert decode(encode(check)) == check
    assert decode(encode(Doing("loading"))) == Doing("loading")
    assert decode("a workflow's own print") is None


def test_advice_is_given_once() -> None:
    check = Check("replay", "a.json", ok=False, words="breaks", details=("here",), advice="Mend it.")
    text = report([check, check, Check("types", "registry", ok=True, words="fine", advice="")], 1.234)
    assert text.splitlines() == [
        "FAIL  replay  a.json: breaks",
        "              here",
        "FAIL  replay  a.json: breaks",
        "              here",
        "PASS  types   registry: fine",
        "",
        "Mend it.",
        "",
        "2 of 3 checks failed in 1.2 s",
    ]
