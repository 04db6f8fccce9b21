"""Lists of workflows and tools."""

from __future__ import annotations

from raw_runtime.rundir import run_dirs, run_status
from raw_runtime.show.configs import intent_of, moment, read_config, text_of
from raw_runtime.show.table import aligned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from raw_runtime.project import Project, Workflow


def list_workflows(project: Project, search: str | None = None) -> int:
    """Print the workflows, each with its newest run; return the exit code."""
    rows = []
    for workflow in project.workflows():
        config = read_config(workflow.path)
        row = [
            workflow.id,
            text_of(config, "name"),
            text_of(config, "version"),
            moment(text_of(config, "created_at")),
            last_run(workflow),
        ]
        if _matches(search, [*row[:2], intent_of(config)]):
            rows.append(row)
    if rows:
        _print(aligned([("ID", "NAME", "VERSION", "CREATED", "LAST RUN"), *rows]))
    elif search:
        print(f"No workflow holds {search!r}.")
    else:
        print('No workflows found. Make one: raw create NAME --intent "what it does"')
    return 0


def last_run(workflow: Workflow) -> str:
    """Return the newest run's status and time; `never` when there is none."""
    runs = run_dirs(workflow)
    if not runs:
        return "never"
    return f"{run_status(runs[0])} {run_time(runs[0].name)}".rstrip()


def run_time(run_id: str) -> str:
    """Return the time that a run's id tells, as `YYYY-MM-DD HH:MM:SS`; empty when it tells none."""
    day, _, rest = run_id.partition("-")
    time = rest[:6]
    if len(day) != 8 or len(time) != 6 or not (day + time).isdecimal():
        return ""
    return f"{day[:4]}-{day[4:6]}-{day[6:]} {time[:2]}:{time[2:4]}:{time[4:]}"


def tools_of(project: Project) -> list[Path]:
    """Return the folders of the project's tools, by name."""
    folder = project.root / "tools"
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith((".", "__")))


def list_tools(project: Project, search: str | None = None) -> int:
    """Print the tools, and beneath those that reach a service what they are set to; return the exit code."""
    rows = []
    for path in tools_of(project):
        config = read_config(path)
        state, why = state_of(project, path)
        row = [path.name, text_of(config, "version"), text_of(config, "status"), state, intent_of(config) or "-"]
        if _matches(search, row):
            rows.append(row)
            if why:
                rows.append(["", "", "", "", why])
    if rows:
        _print(aligned([("TOOL", "VERSION", "STATUS", "STATE", "DESCRIPTION"), *rows]))
    elif search:
        print(f"No tool holds {search!r}.")
    else:
        print('No tools found. Make one: raw create NAME --tool --description "what it does"')
    return 0


def state_of(project: Project, tool: Path) -> tuple[str, str]:
    """Return configured, default or broken, and why; `-` for a tool that needs no settings."""
    if not (tool / "doctor.py").is_file():
        return "-", ""
    from raw_runtime.doctor.examine import examine
    from raw_runtime.doctor.subjects import on_path, tool_subject

    with on_path(project):
        patient = examine(tool_subject(tool.name))
    return patient.state, patient.detail


def _matches(search: str | None, texts: Sequence[str]) -> bool:
    whole = " ".join(texts).casefold()
    return all(word in whole for word in (search or "").casefold().split())


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)
