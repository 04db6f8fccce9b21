"""Load mocks, run a workflow on them in a folder of its own, and tell what differs."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raw_runtime import BaseWorkflow
from tools import llm

_DRY_RUN = "RAW_NETWORK_REPORT"  # set where the network is shut


@dataclass(frozen=True, slots=True)
class Mock:
    """A file `{"params": {...}, "expect": {...}, "exit_code": 0}`; `expect` is the part of the result that matters.

    In params `{"$file": "note.txt"}` stands for the text of a file beside the mock, `{"$json": "rows.json"}` for data.
    """

    name: str
    params: dict[str, Any]
    expect: dict[str, Any]
    exit_code: int


class _Quiet:
    """A logger that keeps a workflow's own lines out of the report."""

    def print(self, message: str) -> None:
        """Drop the message."""


def load(folder: Path) -> Iterator[Mock]:
    """Yield the mocks of a folder, by name; data files that hold no "params" are passed over."""
    for path in sorted(folder.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(data, dict) and "params" in data:
            params = {name: _filled(value, folder) for name, value in data["params"].items()}
            yield Mock(path.stem, params, data.get("expect", {}), data.get("exit_code", 0))


def _filled(value: Any, folder: Path) -> Any:
    if isinstance(value, dict) and set(value) == {"$file"}:
        return (folder / value["$file"]).read_text(encoding="utf-8")
    if isinstance(value, dict) and set(value) == {"$json"}:
        return json.loads((folder / value["$json"]).read_text(encoding="utf-8"))
    return value


def differences(actual: Any, expected: Any, where: str = "result") -> list[str]:
    """Return a line for each place where the result is not as expected.

    Of an object only the keys expected are looked at. A list of text is compared with the `name` (or `language`, or
    `text`) of objects, so that a mock can say `"matched": ["Python"]`. Numbers may differ by a thousandth.
    """
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [
            line for key, value in expected.items() for line in differences(actual.get(key), value, f"{where}.{key}")
        ]
    if isinstance(expected, list) and isinstance(actual, list):
        items = [_short(item) if isinstance(want, str) else item for item, want in zip(actual, expected, strict=False)]
        found = [
            line
            for i, (a, e) in enumerate(zip(items, expected, strict=False))
            for line in differences(a, e, f"{where}[{i}]")
        ]
        if len(actual) != len(expected):
            shown = [_short(item) for item in actual]
            found.append(f"{where}: {len(actual)} items {shown!r:.300}, expected {len(expected)}")
        return found
    if isinstance(expected, float) and isinstance(actual, int | float):
        return [] if abs(actual - expected) <= 0.001 else [f"{where}: {actual!r}, expected {expected!r}"]
    return [] if actual == expected else [f"{where}: {actual!r:.300}, expected {expected!r:.300}"]


def _short(item: Any) -> Any:
    if isinstance(item, dict):
        return next((item[key] for key in ("name", "language", "text") if key in item), item)
    return item


def play(workflow: type[BaseWorkflow[Any]], folder: Path) -> int:
    """Run the workflow on every mock, print a line for each, and return 0 when all are as expected, else 1."""
    mocks = list(load(folder))
    if not mocks:
        print(f"No mocks in {folder.name}/")
        return 1
    failed = 0
    for mock in mocks:
        found = _play_one(workflow, mock)
        print(f"{'differs' if found else 'ok':<8}{mock.name}")
        for line in found:
            print(f"        {line}")
        failed += bool(found)
    print(f"{len(mocks) - failed} of {len(mocks)} mocks as expected")
    return 1 if failed else 0


@contextlib.contextmanager
def _dry() -> Iterator[None]:
    """Let tools take this for a dry run, as `raw run --dry` is: it sets the same variable."""
    if _DRY_RUN in os.environ:
        yield
        return
    os.environ[_DRY_RUN] = os.devnull
    try:
        yield
    finally:
        del os.environ[_DRY_RUN]


def _play_one(workflow: type[BaseWorkflow[Any]], mock: Mock) -> list[str]:
    params = workflow._get_params_class().model_validate(mock.params)
    # Results, log and journal go to the current folder: give each mock one that vanishes. No model answers: what is
    # expected is what the heuristics say. Nothing outside is asked or told.
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch), llm.registry.using(None), _dry():
        run = workflow(params, logger=_Quiet())
        code = run.run()
        saved = Path(run.results_dir) / "result.json"
        result = json.loads(saved.read_text(encoding="utf-8")) if saved.exists() else None
    found = differences(code, mock.exit_code, "exit_code")
    return found + (differences(result, mock.expect) if mock.expect else [])
