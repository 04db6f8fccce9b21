"""The house that the tests furnish: of this one, only what every house has, so that its own names are no matter."""

from __future__ import annotations

import shutil
from pathlib import Path

from scaffold.command import plan_of
from scaffold.writing import write

ROOT = Path(__file__).resolve().parents[2]
KEPT = {
    ".": ["ruff.toml", ".gitignore"],
    "api/routes": ["health.py", "outbox.py", "raw.py", "submissions.py", "webhooks.py"],
    "db": ["__init__.py", "base.py", "models.py"],
    "db/entities": ["__init__.py", "kinds.py", "submission.py"],
    "db/migrations": ["env.py", "script.py.mako"],
    "db/migrations/versions": ["0001_initial.py"],
    "db/repositories": ["events.py", "paging.py", "submissions.py"],
    "scaffold": ["command.py"],
    "workflows/temporal": ["base.py"],
    "workflows/temporal/processes": ["__init__.py", "kinds.py"],
}


def copy_project(folder: Path) -> Path:
    """Copy what `raw new` looks at; return the folder. A system without an API has none here either."""
    for place, names in KEPT.items():
        for name in names:
            if (source := ROOT / place / name).exists():
                (folder / place).mkdir(parents=True, exist_ok=True)
                shutil.copy(source, folder / place / name)
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
