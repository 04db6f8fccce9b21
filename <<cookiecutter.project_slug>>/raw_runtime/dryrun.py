"""For dry_run.py scripts: mocks, and a context with upstream's manners."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def load_mock(name: str, folder: Path | None = None) -> Any:
    """Return the content of `mocks/<name>.json`.

    `folder` is the workflow's; without it, the folder of the script that runs, else the current one.

    Raises:
        FileNotFoundError: there is no such mock; the text lists those there are.
        ValueError: the name leaves mocks/, or the file is not JSON.
    """
    mocks = (folder or _script_folder()) / "mocks"
    name = name.removesuffix(".json")
    path = mocks / f"{name}.json"
    if mocks.resolve() not in path.resolve().parents:
        raise ValueError(f"A mock's name must stay within mocks/: {name!r}")
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        there = ", ".join(sorted(p.stem for p in mocks.glob("*.json"))) or "none"
        raise FileNotFoundError(f"No mock {name!r} in {mocks}. There are: {there}.") from None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}") from error


class DryRunContext:
    """What a dry run has at hand: its mocks and a log."""

    def __init__(self, workflow_dir: Path | None = None) -> None:
        """Take the workflow's folder; by default the one of the script that runs."""
        self.workflow_dir = workflow_dir or _script_folder()
        self.messages: list[str] = []

    def log(self, message: object) -> None:
        """Print a message, as plain text, and keep it in `messages`."""
        self.messages.append(str(message))
        print(f"  {message}", flush=True)

    def load_mock(self, name: str) -> Any:
        """Return the content of `mocks/<name>.json`, as `load_mock`."""
        return load_mock(name, self.workflow_dir)

    def is_dry_run(self) -> bool:
        """Return True."""
        return True


def _script_folder() -> Path:
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if script is not None and (Path(script).resolve().parent / "mocks").is_dir():
        return Path(script).resolve().parent
    return Path.cwd()
