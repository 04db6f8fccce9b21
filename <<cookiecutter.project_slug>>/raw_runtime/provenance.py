"""What ran, and where: the commit, the interpreter, the machine. No process is started to find out."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from raw_runtime.stamps import RAW_VERSION

if TYPE_CHECKING:
    from typing import Any


def get_git_info(start: Path | None = None) -> dict[str, Any]:
    """Return git_sha, git_branch and git_dirty of the repository around `start` (default: the current folder).

    Empty outside a repository. `git_dirty` is None: to know it, git would have to read every file.
    """
    try:
        git_dir = _git_dir(start or Path.cwd())
        if git_dir is None:
            return {}
        head = (git_dir / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return {"git_sha": head, "git_branch": None, "git_dirty": None}
        ref = head.removeprefix("ref: ")
        return {"git_sha": _resolve(git_dir, ref), "git_branch": ref.removeprefix("refs/heads/"), "git_dirty": None}
    except (OSError, UnicodeDecodeError):
        return {}


def _git_dir(start: Path) -> Path | None:
    for folder in (start, *start.parents):
        path = os.path.join(folder, ".git")  # noqa: PTH118 - once a folder upwards, in every run
        if os.path.isdir(path):  # noqa: PTH112
            return Path(path)
        if os.path.isfile(path):  # noqa: PTH113
            # A worktree or a submodule: the file names the real folder.
            target = Path(path).read_text().strip().removeprefix("gitdir: ")
            return (folder / target).resolve()
    return None


def _resolve(git_dir: Path, ref: str) -> str | None:
    common = git_dir / "commondir"
    # Branches of a worktree are kept in the main repository's folder.
    places = [git_dir, (git_dir / common.read_text().strip())] if common.is_file() else [git_dir]
    for place in places:
        if (place / ref).is_file():
            return (place / ref).read_text().strip()
    for place in places:
        packed = place / "packed-refs"
        if packed.is_file():
            for line in packed.read_text().splitlines():
                sha, _, name = line.partition(" ")
                if name == ref:
                    return sha
    return None


def get_workflow_hash(workflow_path: Path) -> str | None:
    """Return 16 hexadecimal digits of the script's SHA-256; None when it cannot be read."""
    try:
        return hashlib.sha256(workflow_path.read_bytes()).hexdigest()[:16]
    except OSError:
        return None


def get_environment_info() -> dict[str, Any]:
    """Return python_version, raw_version, hostname, working_directory, platform and platform_release."""
    system = os.uname()
    try:
        here = os.getcwd()  # noqa: PTH109 - a str is wanted
    except FileNotFoundError:
        here = ""
    return {
        "python_version": "{}.{}.{}".format(*sys.version_info),
        "raw_version": RAW_VERSION,
        "hostname": system.nodename,
        "working_directory": here,
        "platform": system.sysname,
        "platform_release": system.release,
    }


def describe_environment() -> dict[str, Any]:
    """Return what manifests and the event workflow.provenance have of it."""
    every = get_environment_info()
    return {key: every[key] for key in ("python_version", "raw_version", "hostname", "working_directory")}


def get_config_snapshot() -> dict[str, Any]:
    """Return the names of the RAW_ variables that are set, each with True: values may be secrets."""
    return {name: True for name in sorted(os.environ) if name.startswith("RAW_")}


def capture_provenance(workflow_path: Path | None = None, start: Path | None = None) -> dict[str, Any]:
    """Return all of it, by the field names of the event workflow.provenance."""
    return {
        "git_sha": None,
        "git_branch": None,
        "git_dirty": None,
        **get_git_info(start),
        "workflow_hash": get_workflow_hash(workflow_path) if workflow_path else None,
        "tool_versions": {},
        **describe_environment(),
        "config_snapshot": get_config_snapshot(),
    }


__all__ = [
    "capture_provenance",
    "get_config_snapshot",
    "get_environment_info",
    "get_git_info",
    "get_workflow_hash",
]
