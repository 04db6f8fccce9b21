"""`raw run ID --resume RUN`: finished steps are kept, the rest runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_support import Project

TWO_STEPS = """\
import os
from pathlib import Path
from pydantic import BaseModel
from raw_runtime import BaseWorkflow, step

MARKS = Path(__file__).parent


class P(BaseModel):
    text: str = "sample"


class Counted(BaseModel):
    letters: int


def mark(name: str) -> None:
    with (MARKS / name).open("a") as file:
        file.write("x")


class TwoSteps(BaseWorkflow[P]):
    @step("first")
    def first(self) -> Counted:
        mark("first")
        return Counted(letters=len(self.params.text))

    @step("second")
    def second(self, counted: Counted) -> int:
        mark("second")
        if not (MARKS / "fixed").exists():
            raise RuntimeError("not fixed yet")
        return counted.letters * 2

    def run(self) -> int:
        self.save("result.json", {"double": self.second(self.first())})
        return 0


if __name__ == "__main__":
    TwoSteps.main()
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.add("two", TWO_STEPS)
    return project


@pytest.mark.parametrize("how", ["id", "last", "prefix"])
def test_a_failed_run_is_resumed_with_its_params_and_finished_steps(project: Project, how: str) -> None:
    assert project.raw("run", "two", "--text", "abcde").returncode == 1
    (failed,) = project.runs("two")
    (project.workflow("two") / "fixed").touch()
    run = {"id": failed.name, "last": "last", "prefix": failed.name[:12]}[how]
    done = project.raw("run", "two", "--resume", run, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"] == {"double": 10}
    assert (project.workflow("two") / "first").read_text() == "x"
    assert (project.workflow("two") / "second").read_text() == "xx"
    assert len(project.runs("two")) == 2


def test_a_run_that_succeeded_is_not_resumed(project: Project) -> None:
    (project.workflow("two") / "fixed").touch()
    assert project.raw("run", "two").returncode == 0
    (run,) = project.runs("two")
    done = project.raw("run", "two", "--resume", "last")
    assert done.returncode == 2
    assert done.stderr == f"raw: Run {run.name} succeeded: there is nothing to resume. Start anew: raw run two\n"
    assert project.runs("two") == [run]


def test_an_unknown_run_is_refused(project: Project) -> None:
    done = project.raw("run", "two", "--resume", "last")
    assert (done.returncode, done.stderr) == (2, "raw: two has no runs yet.\n")
    project.raw("run", "two")
    done = project.raw("run", "two", "--resume", "1999")
    assert done.returncode == 2
    assert done.stderr.startswith("raw: two has no run '1999'. Its newest: ")


def test_a_prefix_of_several_runs_is_refused(project: Project) -> None:
    project.raw("run", "two")
    project.raw("run", "two")
    names = [run.name for run in project.runs("two")]
    done = project.raw("run", "two", "--resume", names[0][:4])
    assert done.returncode == 2
    assert "is ambiguous" in done.stderr
    assert all(name in done.stderr for name in names)


def test_a_run_that_goes_on_is_not_resumed(project: Project) -> None:
    project.add("slow", "import time\nprint('up', flush=True)\ntime.sleep(60)\n")
    with project.start("run", "slow") as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"up\n"
            done = project.raw("run", "slow", "--resume", "last")
            assert done.returncode == 2
            assert "is still running" in done.stderr
        finally:
            process.terminate()
            process.communicate(timeout=60)
