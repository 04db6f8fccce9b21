"""`raw create`: a new workflow or tool."""

from __future__ import annotations

from pathlib import Path

from raw_runtime.cli.options import Option, parse
from raw_runtime.errors import ProjectNotFound, UsageError
from raw_runtime.project import Project, find_project

HELP = """\
usage: raw create NAME [--intent TEXT] [--from ID]
       raw create NAME --tool [--description TEXT]

Makes .raw/workflows/NAME/, a small workflow that runs and passes the gates, or tools/NAME/.

  -i, --intent TEXT        what the workflow is for
      --from ID            begin with a copy of this workflow
  -t, --tool               make a tool
  -d, --description TEXT   what the tool is for
"""
_OPTIONS = (
    Option("--intent", "TEXT", "-i"),
    Option("--from", "ID"),
    Option("--tool", short="-t"),
    Option("--description", "TEXT", "-d"),
)


def create_command(argv: list[str]) -> int:
    """Run `raw create` with these arguments and return the exit code."""
    own, words = parse("create", _OPTIONS, argv, most=1)
    if "--help" in own:
        print(HELP, end="")
        return 0
    if not words:
        raise UsageError('A name is needed: raw create NAME --intent "what it does"')
    if "--tool" in own and "--from" in own:
        raise UsageError("--from copies a workflow and does not go with --tool.")
    from raw_runtime.scaffold import copy_workflow, create_tool, create_workflow
    from raw_runtime.scaffold.names import plain_text

    texts = {name: plain_text(own[name], name) for name in ("--intent", "--description") if name in own}
    text = texts.get("--description") or texts.get("--intent")
    if texts and not text:
        raise UsageError(f"{next(iter(texts))} is empty.")
    project = _project()
    if "--tool" in own:
        tool = create_tool(project, words[0], text)
        print(f"Made {_short(tool)}. In a workflow: from tools import {tool.name}")
        return 0
    intent = texts.get("--intent") or text
    if "--from" in own:
        new = copy_workflow(project, words[0], project.workflow(own["--from"]), intent)
    else:
        new = create_workflow(project, words[0], intent)
    print(f"Made {_short(new.path)}\n  raw run {new.id}\n  raw run {new.id} --dry\n  raw validate {new.id}")
    return 0


def _project() -> Project:
    try:
        return find_project()
    except ProjectNotFound:
        from raw_runtime.scaffold import init_project

        root = Path.cwd()
        init_project(root)
        print(f"Made .raw in {root}")
        return Project(root)


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
