"""`raw show`: workflows, tools, runs and logs."""

from __future__ import annotations

from raw_runtime.cli.options import Option, parse
from raw_runtime.errors import UsageError
from raw_runtime.project import find_project

HELP = """\
usage: raw show [ID|tools] [options]

  raw show                 list the workflows, each with its last run
  raw show tools           list the tools, and whether each is set up
  raw show ID              tell about a workflow and its last runs, or about a tool

  -l, --logs               print the end of the newest run's output.log
  -n, --lines N            this many lines of it (default 50)
  -f, --follow             go on printing until the run ends
  -v, --validate           check the workflow against the rules, as raw validate ID
  -s, --search TEXT        list only what holds all these words
"""
_OPTIONS = (
    Option("--logs", short="-l"),
    Option("--lines", "N", "-n"),
    Option("--follow", short="-f"),
    Option("--validate", short="-v"),
    Option("--search", "TEXT", "-s"),
)


def show_command(argv: list[str]) -> int:
    """Run `raw show` with these arguments and return the exit code."""
    own, words = parse("show", _OPTIONS, argv, most=1)
    if "--help" in own:
        print(HELP, end="")
        return 0
    project = find_project()
    name = words[0] if words else None
    wants_logs = "--logs" in own or "--follow" in own or "--lines" in own
    if wants_logs or "--validate" in own:
        if name in (None, "tools"):
            raise UsageError(f"{'--logs' if wants_logs else '--validate'} needs a workflow's id: raw show ID")
        workflow = project.workflow(str(name))
        if "--validate" in own:
            from raw_runtime.validation.cli import main as validate

            return int(validate([workflow.id], project))
        from raw_runtime.show.logs import show_logs

        return show_logs(workflow, lines=_count(own.get("--lines", "50")), follow="--follow" in own)

    from raw_runtime.show import details, listing

    if name is None:
        return listing.list_workflows(project, own.get("--search"))
    if name == "tools":
        return listing.list_tools(project, own.get("--search"))
    return details.show(project, name)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"--lines: {text!r} is not a number of lines.")
    return int(text)
