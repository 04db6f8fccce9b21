"""The `raw` command. Each subcommand is loaded when it is called, since start-up time is felt in every run."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from raw_runtime.errors import RawError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HELP = """\
raw: make, run, check and look into the RAW workflows of a project

usage: raw COMMAND [...]

  run ID [--flag VALUE ...]   run a workflow; its flags come from its params
  run ID --dry                run it on mocks, with the network shut
  show [ID|tools]             list workflows or tools; one workflow and its last runs; its logs
  doctor [NAME ...]           check for real what the project reaches: mail, database and the like
  validate [ID ...]           check workflows against the rules
  gates [NAME ...]            run the validation gates of .raw/config.yaml
  create NAME                 make a workflow (or, with --tool, a tool)
  new KIND NAME               make a workflow, a tool, or another part of the system
  init                        make .raw/ in this folder

  --version                   print the version
  --help                      print this; raw COMMAND --help tells about one command

Exit codes: 0 done, 1 failed or not found, 2 wrong usage or params, 124 out of time, 128+n ended by signal n.
"""
COMMANDS = ("run", "show", "doctor", "validate", "gates", "create", "new", "init")
_USAGE = UsageError.exit_code
_CANCELLED = 130
_BROKEN_PIPE = 141


def main(argv: list[str] | None = None) -> int:
    """Run the command with these arguments (default: the process's own) and return its exit code."""
    _prepare_streams()
    try:
        code = _dispatch(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    except RawError as error:
        _complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return _CANCELLED
    except BrokenPipeError:
        # The reader (head, less) has all it wants; Python would complain again at its exit.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return code


def _prepare_streams() -> None:
    """See to it that all three standard streams are open, and that no character ends the program."""
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(fd)
        except OSError:
            # Closed by the caller (`>&-`): the next file that is opened would take its place.
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(fd, "w" if fd else "r", closefd=False))  # noqa: SIM115 - a descriptor
        reconfigure = getattr(getattr(sys, name), "reconfigure", None)
        if fd and reconfigure is not None:
            reconfigure(errors="replace")


def _complain(message: str) -> None:
    with suppress(OSError):
        sys.stderr.write(f"raw: {message}\n")
        sys.stderr.flush()


def _dispatch(argv: list[str]) -> int:
    name = argv[0] if argv else ""
    if name in COMMANDS:
        return _command(name)(argv[1:])
    if name in {"--version", "-v", "-V"}:
        from raw_runtime.stamps import RAW_VERSION

        print(f"raw {RAW_VERSION}")
        return 0
    if name in {"", "--help", "-h", "help"}:
        print(HELP, end="")
        return 0 if name else _USAGE
    import difflib

    near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]}?" if near else ""
    kind = "option" if name.startswith("-") else "command"
    raise UsageError(f"Unknown {kind} {name!r}.{hint} See: raw --help")


def _command(name: str) -> Callable[[list[str]], int]:
    if name == "run":
        from raw_runtime.cli.run import run_command

        return run_command
    if name == "show":
        from raw_runtime.cli.show import show_command

        return show_command
    if name == "doctor":
        from raw_runtime.doctor.cli import doctor_command

        return doctor_command
    if name == "create":
        from raw_runtime.cli.create import create_command

        return create_command
    if name == "new":
        from raw_runtime.cli.new import new_command

        return new_command
    if name == "init":
        from raw_runtime.cli.init import init_command

        return init_command
    return _validate if name == "validate" else _gates


def _validate(argv: list[str]) -> int:
    from raw_runtime.project import find_project
    from raw_runtime.validation.cli import main as validate

    return int(validate(argv, find_project()))


def _gates(argv: list[str]) -> int:
    from raw_runtime.gates.cli import main as gates
    from raw_runtime.project import find_project

    return int(gates(argv, find_project()))
