"""A process that is made passes what the gates ask, without a line edited, whatever it and its parts are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaffold.house import House
from scaffold.kinds.process import endings
from scaffold.names import Name
from scaffold.tests.copies import ROOT, made
from scaffold.tests.wholes import check_style_and_types, run, run_tests, whole_project
from scaffold.writing import record

pytestmark = pytest.mark.slow

EVERY_TYPE = "a:text,b:email,c:int,d:float,e:bool,f:date,g:moment,h:json"
SQL_WORDS = "email:email,order:int,user:text,group:text,select:moment,text:text"
# Of names that no system has: the shortest, usual ones, and the longest.
PROCESSES = {
    "q": {"entity": "qq", "signals": "s"},
    "quokka-watch": {"entity": "quokka-foal", "signals": "seen,heard", "webhooks": "quokka-sight", "fields": SQL_WORDS},
    "a-watch-of-really-long-many-word": {
        "entity": "a-quokka-of-a-name-of-some-width",
        "signals": f"{'x' * 40},a-signal-of-as-many-signs-as-there-may-b,c",
        "webhooks": "y" * 40,
        "fields": EVERY_TYPE,
    },
}


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The whole project in a folder of its own, with every process; and the new files."""
    folder = whole_project(tmp_path_factory.mktemp("furnished") / "project")
    files: list[str] = []
    for name, options in PROCESSES.items():
        possible = options if House(ROOT).has_api else {key: text for key, text in options.items() if key != "webhooks"}
        files += made(folder, "process", name, **possible)
    return folder, files


def test_style_and_types(furnished: tuple[Path, list[str]]) -> None:
    folder, files = furnished
    check_style_and_types(folder, files)


def test_their_own_quick_tests_pass(furnished: tuple[Path, list[str]]) -> None:
    folder, files = furnished
    tests = [path for path in files if Path(path).name.startswith("test_") and not path.startswith("tests/")]
    assert len(tests) >= 3 * len(PROCESSES)
    run_tests(folder, tests)


def test_the_histories_of_their_ends_are_recorded_and_replayed(furnished: tuple[Path, list[str]]) -> None:
    folder, _ = furnished
    histories = [
        f"{name}-{ending}"
        for name, options in PROCESSES.items()
        for ending in endings(tuple(Name(signal) for signal in options["signals"].split(",")))
    ]
    assert record(tuple(histories), folder)
    said = run(folder, "-m", "workflows.temporal.validate")
    for history in histories:
        assert f"{history}.json: " in said
