"""`raw create`: a new workflow or tool."""

from __future__ import annotations

from pathlib import Path

from raw_runtime.cli.options import Option, parse
from raw_runtime.errors import ProjectNotFound, UsageError
from raw_runtime.project import Project, find_project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

HELP = """\
usage: raw create NAME [--intent TEXT] [--from ID] [--dry-run]
       raw create NAME --tool [--description TEXT] [--dry-run]

Makes .raw/workflows/NAME/, a small workflow that runs and passes the gates, or tools/NAME/.

  -i, --intent TEXT        what the workflow is for
      --from ID            begin with a copy of this workflow
  -t, --tool               make a tool
  -d, --description TEXT   what the tool is for
      --dry-run            say what would be made, and write nothing
"""
_OPTIONS = (
    Option("--intent", "TEXT", "-i"),
    Option("--from", "ID"),
    Option("--tool", short="-t"),
    Option("--description", "TEXT", "-d"),
    Option("--dry-run"),
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
    from raw_runtime.scaffold.names import plain_text

    texts = {name: plain_text(own[name], name) for name in ("--intent", "--description") if name in own}
    text = texts.get("--description") or texts.get("--intent")
    if texts and not text:
        raise UsageError(f"{next(iter(texts))} is empty.")
    if "--tool" not in own:
        text = texts.get("--intent") or text
    if "--dry-run" in own:
        return _tell(own, words[0], text)
    made = _make(_project(), own, words[0], text)
    if "--tool" in own:
        print(f"Made {_short(made)}. In a workflow: from tools import {made.name}")
    else:
        new = made.name
        print(f"Made {_short(made)}\n  raw run {new}\n  raw run {new} --dry\n  raw validate {new}")
    return 0


def _make(into: Project, own: Mapping[str, str], name: str, text: str | None) -> Path:
    from raw_runtime.scaffold import copy_workflow, create_tool, create_workflow

    if "--tool" in own:
        return create_tool(into, name, text)
    if "--from" in own:
        return copy_workflow(into, name, find_project().workflow(own["--from"]), text).path
    return create_workflow(into, name, text).path


def _tell(own: Mapping[str, str], name: str, text: str | None) -> int:
    """Make it elsewhere, and say what that was."""
    from tempfile import TemporaryDirectory

    from raw_runtime.scaffold.files import refuse_taken

    with TemporaryDirectory() as folder:
        made = _make(Project(Path(folder)), own, name, text)
        try:
            refuse_taken(find_project().root / made.relative_to(folder))
        except ProjectNotFound:
            print(f"raw create would make .raw in {Path.cwd()} first.")
        files = sorted(path for path in made.rglob("*") if path.is_file())
        for file in files:
            lines = file.read_bytes().count(b"\n")
            print(f"{file.relative_to(folder).as_posix()}  {lines}")
    print("\nNothing was written.")
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
