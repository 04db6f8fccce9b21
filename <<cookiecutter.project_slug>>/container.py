#!/usr/bin/env python3
"""What the image does: `docker run IMAGE COMMAND …` (container.toml has the commands), and whether it is healthy.

Needs nothing but a Python.
"""

from __future__ import annotations

import http.client
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
_ANSWER_SECONDS = 4.0


def load_commands() -> dict[str, Any]:
    """Return the commands by name."""
    return tomllib.loads((ROOT / "container.toml").read_text(encoding="utf-8"))


def command_line(commands: Mapping[str, Any], words: Sequence[str]) -> list[str] | None:
    """Return what to execute for these words; None when they are none of the commands."""
    if not words or words[0] not in commands:
        return None
    return [str(ROOT / ".venv/bin/python"), *commands[words[0]]["run"], *words[1:]]


def is_healthy(commands: Mapping[str, Any], words: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Ask the process that was started by these words whether it is ready; true of one that serves nothing."""
    served = next((commands[word]["ready"] for word in words if "ready" in commands.get(word, ())), None)
    if served is None:
        return True
    variable, port = served
    connection = http.client.HTTPConnection("127.0.0.1", int(environ.get(variable) or port), timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main(words: Sequence[str]) -> int:
    """Become the command; 0 or 1 for `health`, 2 when there is no such command."""
    commands = load_commands()
    if list(words) == ["health"]:
        started = Path("/proc/1/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
        return 0 if is_healthy(commands, started, os.environ) else 1
    if command := command_line(commands, words):
        os.chdir(ROOT)
        # So that signals reach the command itself.
        os.execv(command[0], command)  # noqa: S606
    said = f"{words[0]!r} is no command of this image." if words else "Say what to do."
    print(said, *(f"  {name:8}{one['help']}" for name, one in commands.items()), sep="\n", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
