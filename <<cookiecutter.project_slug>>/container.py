#!/usr/bin/env python3
"""What the image does: `docker run IMAGE COMMAND …`, and how its health is asked for. Needs nothing but a Python."""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
_PYTHON = str(ROOT / ".venv/bin/python")
_COMMANDS = {
    "api": ("api", ["-m", "uvicorn", "api.main:app"], "serve the API, on UVICORN_HOST and UVICORN_PORT"),
    "worker": ("workflows", ["-m", "workflows.temporal", "worker"], "run a Temporal worker"),
    "migrate": ("db", ["-m", "db", "migrate"], "bring the database's schema up to date, and end"),
    "setup": ("workflows", ["-m", "workflows.temporal", "setup"], "prepare Temporal's namespace, and end"),
    "raw": ("raw_runtime", ["-m", "raw_runtime"], "the raw command: raw run ID …, raw doctor, raw show"),
    "python": ("", [], "this project's Python"),
}
# Those that answer whether they are ready: the variable that names the port, and the port without it.
_PORTS = {"api": ("UVICORN_PORT", 8000), "worker": ("WORKER_HEALTH_PORT", 8081)}
_ANSWER_SECONDS = 4.0


def command_line(words: Sequence[str]) -> list[str] | None:
    """Return what to execute for these words; None when they are none of this project's commands."""
    if not words or words[0] not in _COMMANDS:
        return None
    package, arguments, _ = _COMMANDS[words[0]]
    return [_PYTHON, *arguments, *words[1:]] if (ROOT / package).exists() else None


def is_healthy(words: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Ask the process that was started by these words whether it is ready; true of one that serves nothing."""
    served = next((_PORTS[word] for word in words if word in _PORTS), None)
    if served is None:
        return True
    connection = http.client.HTTPConnection("127.0.0.1", int(environ.get(served[0]) or served[1]), _ANSWER_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main(words: Sequence[str]) -> int:
    """Become the command; 0 or 1 for `health`, 2 when there is no such command."""
    if list(words) == ["health"]:
        started = Path("/proc/1/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
        return 0 if is_healthy(started, os.environ) else 1
    if command := command_line(words):
        os.chdir(ROOT)
        # So that signals reach the command itself.
        os.execv(command[0], command)  # noqa: S606
    shown = [f"  {name:8}{told}" for name, (package, _, told) in _COMMANDS.items() if (ROOT / package).exists()]
    said = f"{words[0]!r} is no command of this image." if words else "Say what to do."
    print(said, *shown, sep="\n", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
