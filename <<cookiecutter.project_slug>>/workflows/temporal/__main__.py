"""`python -m workflows.temporal COMMAND`: what a process or a person does with Temporal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from workflows.temporal.ending import leave

# Command: the function that takes its arguments and returns the exit code, imported when it is asked for; what it does.
COMMANDS = {
    "demo": ("workflows.temporal.dev.demo_command:main", "play the processes through the whole system"),
    "dev": ("workflows.temporal.dev.dev_command:main", "run the whole system on this machine until Ctrl-C"),
    "worker": ("workflows.temporal.worker_command:main", "run a worker until SIGTERM or Ctrl-C"),
    "setup": (
        "workflows.temporal.setup_command:main",
        "register the search attribute and the schedule; safe to repeat",
    ),
    "start": ("workflows.temporal.start_command:main", "store an entity and start its process"),
    "send": ("workflows.temporal.send_command:main", "tell a process what happened"),
    "show": ("workflows.temporal.show_command:main", "show an entity's status and timeline"),
    "validate": ("workflows.temporal.validate:main", "check the Temporal workflows, and replay recorded histories"),
    "codec-key": ("workflows.temporal.setup_command:codec_key", "print a new key for TEMPORAL_CODEC_KEYS"),
}


def usage() -> str:
    """Return the list of the commands."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {words}" for name, (_, words) in COMMANDS.items()]
    return "usage: python -m workflows.temporal COMMAND [--help] ...\n\n" + "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 2 if there is no such one."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] in (["-h"], ["--help"]):
        print(usage())
        return 0
    if not given or given[0] not in COMMANDS:
        print(usage(), file=sys.stderr)
        return 2
    module, _, function = COMMANDS[given[0]][0].partition(":")
    try:
        code: int = getattr(import_module(module), function)(given[1:])
    except SystemExit as error:  # argparse's way out
        return error.code if isinstance(error.code, int) else 1
    return code


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    leave(main())
