from __future__ import annotations

import sys
from pathlib import Path

import pytest
from core_helpers import make_project, run

from raw_runtime.errors import WorkflowBroken
from raw_runtime.loading import load_workflow_class

HEAD = """
from __future__ import annotations
from pydantic import BaseModel
from raw_runtime import BaseWorkflow, step

class P(BaseModel):
    n: int = 1

"""
ONE = HEAD + "class One(BaseWorkflow[P]):\n    def run(self) -> int:\n        return self.params.n - 1\n"
TWO = ONE + "\nclass Two(One):\n    def run(self) -> int:\n        return 2\n"
GUARD = '\nif __name__ == "__main__":\n    {}.main()\n'


def write(root: Path, name: str, text: str) -> Path:
    folder = root / ".raw" / "workflows" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.py").write_text(text)
    return folder / "run.py"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (ONE, "One"),
        (ONE + GUARD.format("One"), "One"),
        (TWO + GUARD.format("One"), "One"),
        (TWO + GUARD.format("Two"), "Two"),
    ],
)
def test_picks_the_class(tmp_path: Path, text: str, name: str) -> None:
    cls = load_workflow_class(write(tmp_path, "demo", text))
    assert cls.__name__ == name
    assert sys.modules[cls.__module__].__file__ == str(tmp_path / ".raw" / "workflows" / "demo" / "run.py")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def broken(:\n", ["run.py:1", "syntax error"]),
        (HEAD + "import no_such_module_here\n", ["run.py:9", "ModuleNotFoundError", "no_such_module_here"]),
        (HEAD + "raise SystemExit(3)\n", ["run.py:9", "SystemExit"]),
        (HEAD, ["holds no workflow"]),
        ("", ["holds no workflow"]),
        (TWO, ["several workflow classes (One, Two)", "One.main()"]),
        (HEAD + "class No(BaseWorkflow[P]):\n    pass\n" + GUARD.format("No"), ["class No has no run()", "run.py:9"]),
        (HEAD + "class Bare(BaseWorkflow):\n    def run(self): return 0\n", ["Bare must name its params model"]),
        ("x = '\0'", ["run.py"]),
        ("# coding: nonsense\n", ["run.py"]),
    ],
)
def test_broken_scripts(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(WorkflowBroken) as caught:
        load_workflow_class(write(tmp_path, "demo", text))
    for word in words:
        assert word in str(caught.value)


def test_missing_script(tmp_path: Path) -> None:
    with pytest.raises(WorkflowBroken, match=r"run\.py not found in"):
        load_workflow_class(tmp_path / "run.py")


def test_errors_below_the_script_name_the_script(tmp_path: Path) -> None:
    write(tmp_path, "demo", "")
    (tmp_path / ".raw" / "workflows" / "demo" / "helper_low.py").write_text("1 / 0\n")
    with pytest.raises(WorkflowBroken, match=r"helper_low\.py:1: ZeroDivisionError"):
        load_workflow_class(write(tmp_path, "demo", "import helper_low\n"))


def test_siblings_of_two_workflows_keep_apart(tmp_path: Path) -> None:
    make_project(tmp_path)
    (tmp_path / "shared_of_project.py").write_text("ROOT = 'root'\n")
    text = (
        "import helpers_of_demo\nfrom shared_of_project import ROOT\n"
        + ONE
        + "\n    @property\n    def words(self):\n        return helpers_of_demo.WORD + ROOT\n"
    ).replace("from __future__ import annotations\n", "")
    classes = []
    for name in ("one", "two", "one"):
        path = write(tmp_path, name, text)
        (path.parent / "helpers_of_demo.py").write_text(f"WORD = '{name}'\n")
        classes.append(load_workflow_class(path))
    assert [cls(None).words for cls in classes] == ["oneroot", "tworoot", "oneroot"]  # type: ignore[attr-defined]
    assert str(tmp_path) not in sys.path
    assert not any(str(tmp_path) in entry for entry in sys.path)


def test_a_changed_script_is_loaded_anew(tmp_path: Path) -> None:
    path = write(tmp_path, "demo", ONE)
    assert run(load_workflow_class(path), tmp_path, run_id="one").exit_code == 0
    path.write_text(ONE.replace("n - 1", "n + 1"))
    assert run(load_workflow_class(path), tmp_path, run_id="two").exit_code == 2


def test_forward_references_resolve(tmp_path: Path) -> None:
    text = HEAD.replace("n: int = 1", "n: int = 1\n    later: Later | None = None") + (
        "class Later(BaseModel):\n    x: int\n\nclass W(BaseWorkflow[P]):\n"
        "    @step('s')\n    def s(self) -> Later:\n        return Later(x=1)\n"
        "    def run(self) -> int:\n        return self.s().x + self.params.later.x\n"
    )
    result = run(load_workflow_class(write(tmp_path, "demo", text)), tmp_path, {"later": {"x": 2}})
    assert result.exit_code == 3
    assert '"kind": "typed"' in (Path(result.run_dir) / "steps.jsonl").read_text()
