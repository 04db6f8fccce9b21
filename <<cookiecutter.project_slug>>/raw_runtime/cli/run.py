"""`raw run`: its own options, and everything else for the workflow."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from raw_runtime.cli.options import Option, take
from raw_runtime.errors import RawError, UsageError
from raw_runtime.project import find_project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from raw_runtime.project import Project
    from raw_runtime.result import RunResult

OWN_OPTIONS = """\
raw's own options, before or after ID:
  --params FILE|-     read the params as a JSON object (- is stdin); flags win over it
  --json              print exactly one line, the result as JSON, on stdout; all else on stderr
  --timeout SECONDS   end the run, and all it started, after this time (exit code 124)
  --resume RUN        keep the finished steps of an earlier run: its id, the start of it, or 'last'
  --dry               run dry_run.py on mocks, with the network shut, 60 s at most; nothing is kept
  --dry --init        write a dry_run.py to begin with, if there is none
  --                  all that follows is for the workflow
"""
HELP = f"""\
usage: raw run ID [--flag VALUE ...]

Runs the workflow .raw/workflows/ID/run.py. Its flags: raw run ID --help

{OWN_OPTIONS}"""
_OPTIONS = (
    Option("--dry"),
    Option("--init"),
    Option("--json"),
    Option("--params", "FILE|-"),
    Option("--resume", "RUN"),
    Option("--timeout", "SECONDS"),
)


def run_command(argv: list[str]) -> int:
    """Run `raw run` with these arguments and return the exit code."""
    own, name, args = split(argv)
    if name is None and "--help" in own:
        print(HELP, end="")
        return 0
    project = find_project()
    if name is None:
        return _list(project)
    if "--init" in own and "--dry" not in own:
        raise UsageError("--init goes with --dry: raw run ID --dry --init")
    if "--dry" in own and "--resume" in own:
        raise UsageError("--dry and --resume exclude each other: a dry run keeps nothing to resume.")
    as_json = "--json" in own and "--help" not in own
    from raw_runtime.runner import Request, dry_run, run, show_flags

    try:
        workflow = project.workflow(name)
        request = Request(
            project=project,
            workflow=workflow,
            args=args,
            params=read_params(own["--params"]) if "--params" in own else None,
            timeout=_seconds(own["--timeout"]) if "--timeout" in own else None,
            stdout_fd=2 if as_json else 1,
        )
        if "--help" in own:
            code = show_flags(request)
            print(f"\n{OWN_OPTIONS}" if code == 0 else "", end="")
            return code
        if "--init" in own and not (workflow.path / "dry_run.py").exists():
            return _init_dry_run(project, workflow.id)
        result = dry_run(request) if "--dry" in own else run(request, own.get("--resume"))
    except RawError as error:
        if as_json:
            print(_refusal(name, error).to_json())
        raise
    if as_json:
        print(result.to_json(), flush=True)
    _tell(result, dry="--dry" in own, refused=not result.run_id)
    return result.exit_code


def split(argv: list[str]) -> tuple[dict[str, str], str | None, list[str]]:
    """Return raw's own options, the workflow's id, and the tokens that go to the workflow.

    Raises:
        UsageError: one of raw's own options lacks its value, or a flag of the workflow stands before its id.
    """
    own: dict[str, str] = {}
    name: str | None = None
    args: list[str] = []
    rest = list(argv)
    while rest:
        arg = rest.pop(0)
        if arg == "--":
            if name is None and rest:
                name = rest.pop(0)
            args += rest
            break
        if arg in {"-h", "--help"}:
            own["--help"] = ""
        elif take(arg, rest, _OPTIONS, own):
            continue
        elif name is not None:
            args.append(arg)
        elif arg.startswith("-"):
            raise UsageError(f"Unknown option {arg!r} before the workflow's id. Its flags follow it: raw run ID {arg}")
        else:
            name = arg
    return own, name, args


def read_params(source: str) -> dict[str, Any]:
    """Return the JSON object in the file `source` (`-`: stdin).

    Raises:
        UsageError: it cannot be read, or is no JSON object.
    """
    import json

    place = "stdin" if source == "-" else source
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        params = json.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"--params: cannot read {place}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--params: {place} is not UTF-8 text (byte {error.start}).") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UsageError(f"--params: {place} is not valid JSON: {where}: {error.msg}") from error
    except RecursionError as error:
        raise UsageError(f"--params: {place} is nested too deeply.") from error
    if not isinstance(params, dict):
        kind = {list: "a list", str: "a string", type(None): "null", bool: "a boolean"}.get(type(params), "a number")
        raise UsageError(f'--params: {place} must hold a JSON object such as {{"text": "..."}}, not {kind}.')
    return params


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 10**9:
        raise UsageError(f"--timeout: {text!r} is not a time in seconds, such as 30 or 0.5.")
    return seconds


def _list(project: Project) -> int:
    workflows = project.workflows()
    if workflows:
        ids = "\n".join(f"  {workflow.id}" for workflow in workflows)
        print(f"Which workflow? raw run ID\n{ids}", file=sys.stderr)
    else:
        print('There are no workflows yet: raw create NAME --intent "what it does"', file=sys.stderr)
    return UsageError.exit_code


def _init_dry_run(project: Project, name: str) -> int:
    from raw_runtime.scaffold import write_dry_run

    for path in write_dry_run(project.workflow(name)):
        print(f"Wrote {_short(path)}")
    print(f"Run it: raw run {name} --dry")
    return 0


def _refusal(name: str, error: RawError) -> RunResult:
    from raw_runtime.result import RunResult

    return RunResult(name, "", "", "error", error.exit_code, str(error))


def _tell(result: RunResult, *, dry: bool, refused: bool) -> None:
    """Say on stderr, in a line, what the run came to; a workflow that refused its params has said it all."""
    if refused and not dry:
        return
    what = f"{result.workflow}{' (dry run)' if dry else ''}"
    took = f"in {result.duration_seconds:.2f} s"
    if result.exit_code == 0:
        line = f"{what}: {result.status} {took}"
    else:
        line = f"{what}: failed with exit code {result.exit_code} {took}: {result.message}"
    where = f"\n  run: {_short(Path(result.run_dir))}" if result.run_dir else ""
    with suppress(OSError):
        print(line + where, file=sys.stderr, flush=True)


def _short(path: Path) -> str:
    """Return the path as seen from the current folder, when it lies below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
