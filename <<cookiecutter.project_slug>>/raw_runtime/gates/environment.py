"""The environment that gates run in: which programs and modules it has, and how to make it."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from raw_runtime.errors import UsageError
from raw_runtime.project import Project

#: Gates that are running around this process, so that none starts itself for ever.
STACK = "RAW_GATES_STACK"
_PROBE_SECONDS = 10


def bin_dir() -> Path:
    """Return the folder of the running Python, unresolved: in a venv, the venv's own bin."""
    return Path(sys.executable).parent


def search_path(environ: Mapping[str, str] | None = None) -> str:
    """Return PATH with the environment's own programs first."""
    given = (os.environ if environ is None else environ).get("PATH", os.defpath)
    return os.pathsep.join([str(bin_dir()), given] if given else [str(bin_dir())])


def missing(requirement: str, project: Project) -> str:
    """Return "" when the requirement is met, else what is missing, as the rest of a sentence.

    An executable's name is looked up in the environment, then on PATH (with a slash: in the project);
    `module:NAME` must be importable; `runs:COMMAND` must end with exit code 0 within ten seconds.
    """
    kind, colon, rest = requirement.partition(":")
    if colon and kind == "module":
        return "" if _importable(rest) else f"the Python module {rest} is not installed"
    if colon and kind == "runs":
        return "" if _runs(rest, project) else f"`{rest}` does not run here"
    found = shutil.which(project.root / requirement if "/" in requirement else requirement, path=search_path())
    return "" if found else f"{requirement} is not installed"


def remedy_for(requirement: str) -> str:
    """Return how to meet the requirement."""
    kind, colon, rest = requirement.partition(":")
    if colon and kind == "module":
        return "uv sync"
    return f"make `{rest}` work" if colon and kind == "runs" else f"install {requirement}"


def _importable(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return name in sys.modules and sys.modules[name] is not None


def _runs(command: str, project: Project) -> bool:
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command.encode(errors="replace")],
            cwd=project.root,
            env={**os.environ, "PATH": search_path()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def child_environment(project: Project, gate: str, folder: Path) -> dict[str, str]:
    """Return the variables for a gate's command: this Python's programs first, this project, no colours forced."""
    environ = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "FORCE_COLOR")}
    environ["PATH"] = search_path(environ)
    environ["RAW_PROJECT_ROOT"] = str(project.root)
    environ[STACK] = json.dumps([*_stack(), _entry(project, gate)])
    if sys.prefix != sys.base_prefix:
        environ["VIRTUAL_ENV"] = sys.prefix
    if shutil.which("python", path=environ["PATH"]) is None:
        environ["PATH"] += os.pathsep + str(_python_shim(folder))
    return environ


def refuse_own_call(project: Project, names: list[str]) -> None:
    """Refuse gates around whose command this process runs.

    Raises:
        UsageError: running the gate would start itself again, without end.
    """
    stack = _stack()
    for name in names:
        if _entry(project, name) in stack:
            raise UsageError(
                f"The gate {name} would start itself for ever: its command runs `raw gates`. "
                "Name other gates in that command."
            )


def _entry(project: Project, gate: str) -> str:
    return f"{project.root}::{gate}"


def _stack() -> list[str]:
    try:
        found = json.loads(os.environ.get(STACK, "[]"))
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def _python_shim(folder: Path) -> Path:
    """Make `python` mean this Python where the machine has only `python3`."""
    shim = folder / "bin" / "python"
    if not shim.exists():
        import shlex

        shim.parent.mkdir(exist_ok=True)
        shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n', encoding="utf-8")
        shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    return shim.parent
