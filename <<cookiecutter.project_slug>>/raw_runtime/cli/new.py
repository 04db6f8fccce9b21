"""`raw new`: a workflow or a tool, and the parts of a system where the project has a `scaffold` that makes them."""

from __future__ import annotations

from raw_runtime.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from raw_runtime.project import Project

HELP = """\
usage: raw new workflow NAME [--intent TEXT] [--from ID] [--dry-run]
       raw new tool NAME [--description TEXT] [--dry-run]
"""
_KINDS_HELP = """\
  workflow                    a RAW workflow that runs and passes the gates, as raw create makes it
  tool                        a package in tools/ for what several RAW workflows share
"""
_OPTIONS_HELP = """
  -i, --intent TEXT           what the workflow is for
      --from ID               begin with a copy of this workflow
  -d, --description TEXT      what the tool is for
"""
_DRY_HELP = """\
      --dry-run               say what would be made, and write nothing
"""
_OWN = ("workflow", "tool")
_OF_SYSTEM = ("entity", "process", "webhook", "report")
# What makes a kind may be left out of a system; the template's answer that puts it in.
_ANSWERS = {"webhook": "needs_webhooks=yes", "report": "scheduled_reports=yes"}


def new_command(argv: list[str]) -> int:
    """Run `raw new` with these arguments and return the exit code."""
    kind, rest = (argv[0], argv[1:]) if argv else ("", [])
    if kind in {"--help", "-h"} or (kind in (*_OWN, *_OF_SYSTEM) and {"--help", "-h"} & set(rest)):
        print(_help(), end="")
        return 0
    if kind in _OWN:
        from raw_runtime.cli.create import create_command

        return create_command([*rest, "--tool"] if kind == "tool" else rest)
    if kind in _OF_SYSTEM:
        return _part(kind, rest)
    import difflib

    near = difflib.get_close_matches(kind, (*_OWN, *_OF_SYSTEM), n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]}?" if near else ""
    what = f"{kind!r} is nothing that can be made." if kind else "Say what to make."
    raise UsageError(f"{what}{hint} See: raw new --help")


def _part(kind: str, argv: list[str]) -> int:
    from raw_runtime.doctor.subjects import on_path
    from raw_runtime.project import find_project

    project = find_project()
    if not _has_scaffold(project):
        raise UsageError(
            f"raw new {kind}: this system keeps no state, so it has no database and no Temporal. "
            "Render the template with needs_state_across_days=yes."
        )
    with on_path(project):
        scaffold = _scaffold()
        if kind not in scaffold.kinds():
            answer = _ANSWERS.get(kind)
            remedy = f"Render the template with {answer}." if answer else f"It makes: {', '.join(scaffold.kinds())}."
            raise UsageError(f"raw new {kind}: this system has none. {remedy}")
        return int(scaffold.main(kind, argv, project.root))


def _help() -> str:
    from raw_runtime.doctor.subjects import on_path
    from raw_runtime.errors import ProjectNotFound
    from raw_runtime.project import find_project

    try:
        project = find_project()
    except ProjectNotFound:
        project = None
    if project is None or not _has_scaffold(project):
        return f"{HELP}\n{_KINDS_HELP}{_OPTIONS_HELP}{_DRY_HELP}"
    with on_path(project):
        scaffold = _scaffold()
        options = f"{_OPTIONS_HELP}{scaffold.options_help()}{_DRY_HELP}"
        return f"{HELP}{scaffold.usage()}\n{_KINDS_HELP}{scaffold.kinds_help()}{options}"


def _has_scaffold(project: Project) -> bool:
    return (project.root / "scaffold" / "command.py").is_file()


def _scaffold() -> ModuleType:
    from importlib import import_module

    return import_module("scaffold.command")
