"""What the tests copy of the project."""

from __future__ import annotations

import shutil
from pathlib import Path

from scaffold.command import plan_of
from scaffold.writing import write

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("api", "db", "scaffold", "workflows", "ruff.toml", ".gitignore")


def copy_project(folder: Path) -> Path:
    """Copy what `raw new` looks at and adds to; return the folder."""
    folder.mkdir(parents=True)
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "tests", ".*_cache"))
        elif source.exists():
            shutil.copy(source, folder / name)
    (folder / ".raw").mkdir()
    return folder


def made(folder: Path, kind: str, *names: str, **options: str) -> list[str]:
    """Write what `raw new` would, but for the histories; return the paths, relative to the folder."""
    plan, _ = plan_of(kind, names, {f"--{name}": text for name, text in options.items()}, folder)
    write(plan, folder)
    return [file.path for file in plan.files]


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return every file and folder below one, with what files hold."""
    found = [path for path in sorted(folder.rglob("*")) if not {"__pycache__", ".git"} & set(path.parts)]
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in found}
