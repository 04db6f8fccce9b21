"""The command line and the environment that a workflow's script is started with."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from raw_runtime.errors import WorkflowBroken

_BLOCK = re.compile(r"(?m)^# /// script\s*$\n(?P<body>(?:^#(?: .*)?$\n)+?)^# ///\s*$")
_QUOTED_NAME = re.compile(r"""["']([A-Za-z0-9][A-Za-z0-9._-]*)""")
_OURS = frozenset({"pydantic", "rich"})


def command(script: Path, args: list[str]) -> list[str]:
    """Return the argument list that runs `script` with `args`.

    It is this very Python; where the script's PEP 723 block names a package that is not installed here, it
    is `uv run --with PACKAGE` over this Python. The script is never changed.

    Raises:
        WorkflowBroken: a package is missing and uv is not on PATH, or the script cannot be read.
    """
    tail = [str(script), *args]
    missing = missing_dependencies(script)
    if not missing:
        return [sys.executable, *tail]
    import shutil

    uv = shutil.which("uv")
    if uv is None:
        names = ", ".join(missing)
        raise WorkflowBroken(
            f"{script.parent.name} needs {names}, which is not installed here. "
            "Add it to the project's dependencies, or install uv so that raw can fetch it for this run."
        )
    extra = [part for dependency in missing for part in ("--with", dependency)]
    return [uv, "run", "--quiet", "--no-project", "--python", sys.executable, *extra, "python", *tail]


def missing_dependencies(script: Path) -> list[str]:
    """Return the requirements of the script's PEP 723 block whose packages are not installed here."""
    try:
        text = script.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise WorkflowBroken(f"Cannot read {script}: {error.strerror}") from error
    block = _BLOCK.search(text)
    if block is None:
        return []
    body = "".join(line[1:].removeprefix(" ") for line in block["body"].splitlines(keepends=True))
    if _OURS.issuperset(_QUOTED_NAME.findall(body)):
        return []  # the usual case, told apart without a TOML parser
    return [r for r in _requirements(script, body) if not _is_installed(r)]


def environment(project_root: Path) -> dict[str, str]:
    """Return this process's environment, with the project and the runtime importable in the child.

    Output is unbuffered, so that it is seen as it is printed and a killed script's last lines are known.
    """
    env = dict(os.environ)
    home = Path(__file__).resolve().parents[1]
    paths = [str(project_root)]
    if home.name not in {"site-packages", "dist-packages"}:
        paths.append(str(home))
    if inherited := env.get("PYTHONPATH"):
        paths.append(inherited)
    env["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    env.setdefault("PYTHONUNBUFFERED", "1")
    # Looking for pydantic plugins reads the metadata of every installed package; set it empty to have them.
    env.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    return env


def _requirements(script: Path, body: str) -> list[str]:
    import tomllib

    try:
        listed = tomllib.loads(body).get("dependencies", [])
    except tomllib.TOMLDecodeError as error:
        raise WorkflowBroken(f"The '# /// script' block of {script} is not valid TOML: {error}") from error
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise WorkflowBroken(f"'dependencies' in the '# /// script' block of {script} must be a list of strings.")
    return listed


def _is_installed(requirement: str) -> bool:
    from importlib import metadata

    name = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", requirement)
    if name is None:
        return True  # nothing that could be looked up: the script will say what it lacks
    try:
        metadata.distribution(name[1])
    except metadata.PackageNotFoundError:
        return False
    return True
