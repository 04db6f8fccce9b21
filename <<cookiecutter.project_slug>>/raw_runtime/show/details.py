"""All about one workflow or one tool."""

from __future__ import annotations

from raw_runtime.errors import WorkflowNotFound
from raw_runtime.rundir import run_dirs, run_status
from raw_runtime.show.configs import clean, intent_of, moment, read_config, text_of
from raw_runtime.show.listing import run_time, state_of, tools_of
from raw_runtime.show.table import aligned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from raw_runtime.project import Project, Workflow

_RUNS_SHOWN = 10


def show(project: Project, name: str) -> int:
    """Print what there is to know about a workflow, else about a tool; return the exit code.

    Raises:
        WorkflowNotFound: it is neither.
    """
    try:
        workflow = project.workflow(name)
    except WorkflowNotFound:
        for tool in tools_of(project):
            if tool.name == name:
                return _show_tool(project, tool)
        raise
    _show_workflow(workflow)
    return 0


def _show_workflow(workflow: Workflow) -> None:
    config = read_config(workflow.path)
    print(workflow.id)
    if not config:
        print("  config.yaml is missing, empty or broken. See: raw validate " + workflow.id)
    _pairs(
        ("Name", text_of(config, "name")),
        ("Status", text_of(config, "status")),
        ("Version", text_of(config, "version")),
        ("Created", moment(text_of(config, "created_at"))),
        ("Intent", intent_of(config) or "-"),
        ("Folder", str(workflow.path)),
    )
    description = config.get("description")
    known = description if isinstance(description, dict) else {}
    _items("Inputs", known.get("inputs"))
    _items("Steps", config.get("steps"))
    _items("Outputs", known.get("outputs"))
    _runs(workflow)


def _show_tool(project: Project, path: Path) -> int:
    config = read_config(path)
    state, why = state_of(project, path)
    print(path.name)
    _pairs(
        ("Status", text_of(config, "status")),
        ("Version", text_of(config, "version")),
        ("State", f"{state}: {why}" if why else state),
        ("About", intent_of(config) or "-"),
        ("Folder", str(path)),
        ("Use it", f"from tools import {path.name}"),
    )
    _items("Inputs", config.get("inputs"))
    _items("Outputs", config.get("outputs"))
    return 0


def _pairs(*pairs: tuple[str, str]) -> None:
    for key, value in pairs:
        print(f"  {key + ':':<9} {value}")


def _items(title: str, items: Any) -> None:
    rows = [_item(item) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    if rows:
        print(f"  {title}:")
        for line in aligned(rows):
            print(f"    {line}")


def _item(item: dict[str, Any]) -> tuple[str, str, str]:
    name = text_of(item, "name", text_of(item, "id"))
    kind = text_of(item, "type", text_of(item, "tool", ""))
    notes = [text_of(item, "description", "")]
    if "default" in item:
        default = item["default"]
        text = clean(default) if isinstance(default, str) else f"{len(default)} items"
        notes.append(f"(default: {text if len(text) <= 60 else text[:57] + '...'})")
    return name, kind, " ".join(note for note in notes if note)


def _runs(workflow: Workflow) -> None:
    runs = run_dirs(workflow)
    if not runs:
        print(f"  No runs yet: raw run {workflow.id}")
        return
    print("  Last runs:" if len(runs) <= _RUNS_SHOWN else f"  Last {_RUNS_SHOWN} of {len(runs)} runs:")
    rows = [_run(path) for path in runs[:_RUNS_SHOWN]]
    for line in aligned([("RUN", "STARTED", "STATUS", "EXIT", "SECONDS", "MESSAGE"), *rows]):
        print(f"    {line}")


def _run(path: Path) -> tuple[str, ...]:
    from raw_runtime.manifest import read_manifest

    status = run_status(path)
    manifest = read_manifest(path) or {}
    message = clean(str(manifest.get("message") or manifest.get("error") or ""))
    return (
        path.name,
        run_time(path.name),
        status,
        str(manifest.get("exit_code", "-")),
        _seconds(manifest),
        message if len(message) <= 100 else message[:97] + "...",
    )


def _seconds(manifest: dict[str, Any]) -> str:
    nested = manifest.get("run")
    value = manifest.get("duration_seconds", nested.get("duration_seconds") if isinstance(nested, dict) else None)
    return f"{value:.2f}" if isinstance(value, int | float) else "-"
