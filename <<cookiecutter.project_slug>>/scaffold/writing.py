"""Writing a plan whole or not at all, and how it is undone."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from raw_runtime.errors import RawError
from scaffold.plan import Plan

_GIT_SECONDS = 20
_RECORD_SECONDS = 180


def write(plan: Plan, root: Path) -> list[Path]:
    """Write the files of a plan; return the files and folders that are new, without those within a new folder.

    Raises:
        RawError: one cannot be written, and nothing is left of the others.
    """
    made: list[Path] = []
    try:
        for file in plan.files:
            target = root / file.path
            for folder in reversed([folder for folder in target.parents if not folder.exists()]):
                folder.mkdir()
                made.append(folder)
            with target.open("x", encoding="utf-8", newline="\n") as stream:
                made.append(target)
                stream.write(file.text)
            if file.is_executable:
                target.chmod(target.stat().st_mode | 0o111)
    except BaseException as error:
        _remove(made)
        if isinstance(error, OSError):
            raise RawError(f"{file.path} cannot be written: {error.strerror or error}. Nothing was changed.") from error
        raise
    return [path for path in made if not any(parent in path.parents for parent in made)]


def _remove(made: list[Path]) -> None:
    for path in reversed(made):
        # Another program may have put a file into a new folder meanwhile: it stays.
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink()


def record(histories: tuple[str, ...], root: Path) -> bool:
    """Play a new process to each of its ends, and keep the histories for the gate that replays them; whether it could.

    It runs the project's own command in a process of its own: what was just written was not there at the start.
    """
    if not histories:
        return True
    command = [sys.executable, "-m", "workflows.temporal.tests.record", *histories]
    try:
        done = subprocess.run(
            command,
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
            timeout=_RECORD_SECONDS,
            env=_environment(root),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{shlex.join(command)}: {error}", file=sys.stderr)
        return False
    if done.returncode != 0:
        print((done.stderr or done.stdout).strip()[-2000:], file=sys.stderr)
    return done.returncode == 0


def _environment(root: Path) -> dict[str, str]:
    """Return our environment with the project on the path, wherever it was installed from."""
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path}


def is_in_git(root: Path) -> bool:
    """Return whether git keeps the folder."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--is-inside-work-tree"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
            timeout=_GIT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() == "true"


def undoing(new: list[Path], root: Path) -> str:
    """Return how to look at what was written, and the command that takes exactly that away again."""
    names = " ".join(shlex.quote(_from_here(path)) for path in sorted(new))
    if is_in_git(root):
        return f"Look at it:  git status --short\nUndo it:     git clean -fdxq -- {names}"
    return f"Undo it:     rm -r -- {names}"


def _from_here(path: Path) -> str:
    return os.path.relpath(path) + ("/" if path.is_dir() else "")
