"""New tools: `tools/<name>/`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from raw_runtime.project import Project
from raw_runtime.scaffold.files import new_folder, render, to_yaml, write
from raw_runtime.scaffold.names import one_sentence, tool_name

DEFAULT_DESCRIPTION = "Shorten a text to an excerpt of one line"


def create_tool(project: Project, name: str, description: str | None = None) -> Path:
    """Make `tools/<name>/` with one function that works, and `tools/__init__.py` if it is missing.

    Raises:
        RawError: the name cannot be used or is taken, or the folder cannot be written.
    """
    new = tool_name(name)
    description = description or DEFAULT_DESCRIPTION
    target = project.root / "tools" / new
    values = {"name": new, "summary": one_sentence(description, f"Tool {new}.")}
    with new_folder(target) as folder:
        for file in ("__init__.py", "tool.py"):
            write(folder / file, render(f"tool/{file}", values))
        write(folder / "config.yaml", to_yaml(_config(new, description)))
    package = target.parent / "__init__.py"
    if not package.exists():
        write(package, '"""Tools: what several workflows share."""\n')
    return target


def _config(new: str, description: str) -> dict[str, object]:
    return {
        "name": new,
        "version": "1.0.0",
        "status": "draft",
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "description": description,
        "inputs": [
            {"name": "text", "type": "string", "description": "Text of any length"},
            {"name": "limit", "type": "integer", "description": "Longest excerpt", "required": False, "default": 200},
        ],
        "outputs": [{"name": "excerpt", "type": "string", "description": "One line of at most `limit` characters"}],
        "dependencies": [],
    }
