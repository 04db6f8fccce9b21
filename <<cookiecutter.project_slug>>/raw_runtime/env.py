"""Reading `.env`: lines KEY=VALUE; what is set already wins; empty values are left out.

ENV_FILE names another file, as it does for the project's settings.
"""

from __future__ import annotations

import os
from pathlib import Path

_ROOT_MARKS = (".raw", ".git", "pyproject.toml")


def find_dotenv(start_path: Path | None = None) -> Path | None:
    """Return the nearest `.env` from `start_path` (default: the current folder) upwards.

    The search ends at the home folder; outside it, at the folder that holds the project (.raw, .git or
    pyproject.toml), so that no `.env` of somebody else, in a folder that all may write, is read.
    """
    try:
        here = Path(start_path or Path.cwd()).resolve()
        home = Path.home()
    except (FileNotFoundError, RuntimeError):
        return None
    folders = [here, *here.parents]
    if home in folders:
        folders = folders[: folders.index(home) + 1]
    else:
        roots = [i for i, folder in enumerate(folders) if any((folder / mark).exists() for mark in _ROOT_MARKS)]
        folders = folders[: roots[-1] + 1] if roots else folders[:1]
    for folder in folders:
        if (folder / ".env").is_file():
            return folder / ".env"
    return None


def load_dotenv(path: Path | None = None) -> dict[str, str]:
    """Set the variables of the nearest `.env` (see `find_dotenv`); return those that were not set before."""
    named = os.environ.get("ENV_FILE") if path is None else None
    file = Path(named) if named else find_dotenv(path)
    if file is None:
        return {}
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    loaded: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.strip().removeprefix("export ").partition("=")
        key, value = key.strip(), value.strip().strip("'\"")
        if equals and key and value and not key.startswith("#") and "\0" not in line and key not in os.environ:
            os.environ[key] = loaded[key] = value
    return loaded


def ensure_env_loaded() -> None:
    """Load the nearest `.env`."""
    load_dotenv()


__all__ = ["ensure_env_loaded", "find_dotenv", "load_dotenv"]
