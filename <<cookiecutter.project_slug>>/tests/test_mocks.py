"""What a dry run calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from raw_runtime import BaseWorkflow
from tools import mocks


class CountParams(BaseModel):
    text: str = "one two"


class Count(BaseWorkflow[CountParams]):
    def run(self) -> int:
        if not self.params.text:
            return self.error("text is empty").exit_code
        self.save("result.json", {"words": len(self.params.text.split()), "list": [{"name": "a"}, {"name": "b"}]})
        return self.success("counted").exit_code


def write(folder: Path, **files: Any) -> None:
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def test_mocks_as_expected(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mocks"
    folder.mkdir()
    (folder / "long.txt").write_text("four words in here", encoding="utf-8")
    write(
        folder,
        default={"params": {}, "expect": {"words": 2, "list": ["a", "b"]}},
        empty={"params": {"text": ""}, "exit_code": 1},
        file={"params": {"text": {"$file": "long.txt"}}, "expect": {"words": 4}},
        data=[1, 2],
    )
    assert mocks.play(Count, folder) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 of 3 mocks as expected"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mocks"]


def test_what_differs_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, wrong={"params": {}, "expect": {"words": 3}}, code={"params": {}, "exit_code": 1})
    assert mocks.play(Count, tmp_path) == 1
    out = capsys.readouterr().out
    assert "result.words: 2, expected 3" in out
    assert "exit_code: 0, expected 1" in out
    assert "0 of 2 mocks as expected" in out


def test_a_folder_without_mocks_is_no_success(tmp_path: Path) -> None:
    assert mocks.play(Count, tmp_path) == 1


@pytest.mark.parametrize(
    ("actual", "expected", "differs"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, False),
        ({"a": 1}, {"b": None}, False),
        ({"a": 1}, {"a": 2}, True),
        ([{"name": "x", "n": 1}], ["x"], False),
        ([{"name": "x"}], ["y"], True),
        ([{"name": "x"}, {"name": "y"}], ["x"], True),
        ([1], [1, 2], True),
        (0.3333, 0.333, False),
        (0.34, 0.333, True),
        (None, {"a": 1}, True),
        ([], [], False),
    ],
)
def test_differences(actual: Any, expected: Any, differs: bool) -> None:
    assert bool(mocks.differences(actual, expected)) is differs
