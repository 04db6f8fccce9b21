"""The `raw` command as a child of the subprocess executor, together with whose process it ends."""

from __future__ import annotations

import sys

from raw_runtime.cli import main as raw
from raw_runtime.executors.lifeline import die_with_parent


def main() -> int:
    """Run the command and return its exit code; argv: lifeline fd, parent's pid, the command's arguments.

    The run that it supervises ends with it, by a lifeline of its own.
    """
    lifeline_fd, parent_pid = int(sys.argv[1]), int(sys.argv[2])
    die_with_parent(lifeline_fd, parent_pid)
    return raw(sys.argv[3:])


if __name__ == "__main__":
    sys.exit(main())
