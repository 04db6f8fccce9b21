"""`.raw/` in a folder that has none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from raw_runtime.errors import RawError
from raw_runtime.project import Project
from raw_runtime.scaffold.files import render, write

_HOOK_COMMAND = "raw show"


def init_project(root: Path) -> list[Path]:
    """Make what is missing of `.raw/` and `tools/`; files that exist stay as they are. Return what was written.

    Raises:
        RawError: the folder cannot be written.
    """
    raw = root / ".raw"
    files = {
        raw / "config.yaml": "config.yaml",
        raw / "libraries.yaml": "libraries.yaml",
        raw / "README.md": "README.md",
        raw / ".gitignore": "gitignore",
    }
    values = {"created_at": datetime.now(UTC).isoformat(timespec="seconds")}
    written = []
    try:
        for folder in ("workflows", "cache", "logs"):
            (raw / folder).mkdir(parents=True, exist_ok=True)
        for path, template in files.items():
            if not path.exists():
                written.append(write(path, render(f"project/{template}", values)))
        package = root / "tools" / "__init__.py"
        if not package.exists():
            written.append(write(package, '"""Tools: what several workflows share."""\n'))
    except OSError as error:
        raise RawError(f"Cannot make .raw in {root}: {error.strerror}") from error
    return written


def write_hooks(project: Project) -> Path | None:
    """Let an assistant's session begin with `raw show` (.claude/settings.local.json); None if it already does.

    Raises:
        RawError: the file exists and is no JSON object, or cannot be written.
    """
    path = project.root / ".claude" / "settings.local.json"
    try:
        settings = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        starts = settings.setdefault("hooks", {}).setdefault("SessionStart", [])
        if any(hook.get("command") == _HOOK_COMMAND for entry in starts for hook in entry.get("hooks", [])):
            return None
        starts.append({"matcher": "", "hooks": [{"type": "command", "command": _HOOK_COMMAND}]})
        return write(path, json.dumps(settings, indent=2, ensure_ascii=False) + "\n")
    except (ValueError, AttributeError, TypeError) as error:
        raise RawError(f"{path} is not such settings as expected; nothing was changed: {error}") from error
    except OSError as error:
        raise RawError(f"Cannot write {path}: {error.strerror}") from error
