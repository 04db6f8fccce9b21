"""Runs the checks in a process of its own: a C extension that the sandbox imports again may end it without a word."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from workflows.temporal.validation.model import Check, decode

_ROOT = Path(__file__).resolve().parents[3]
_DEATH_ADVICE = """\
The sandbox imports again what a workflow module imports, and not every C extension survives that. Import only
temporalio, the standard library and workflows.temporal.contracts there; other pure code under
`with workflow.unsafe.imports_passed_through():`."""


class UsageError(Exception):
    """The settings are wrong; the text is one plain sentence."""


def run_in_child(histories: Path, seconds: float) -> list[Check]:
    """Return what the checks came to.

    Args:
        histories: the folder of the recorded histories.
        seconds: how long they may take.

    Raises:
        UsageError: the settings are wrong.
    """
    command = [sys.executable, "-m", "workflows.temporal.validation", str(histories.resolve())]
    try:
        done = subprocess.run(
            command, cwd=_ROOT, capture_output=True, stdin=subprocess.DEVNULL, timeout=seconds, check=False
        )
        code, out, errors = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as error:
        code, out, errors = None, error.stdout or b"", error.stderr or b""
    words = errors.decode(errors="replace").strip()
    if code == 2:
        raise UsageError(words)
    checks, doing = _read(out.decode(errors="replace"))
    if code != 0:
        checks.append(_death(code, seconds, doing, words))
    return checks


def _read(out: str) -> tuple[list[Check], str]:
    """Return the checks, and what was begun last."""
    checks, doing = [], "starting"
    # Not splitlines: it would end a line at our mark, too.
    for line in out.split("\n"):
        message = decode(line)
        if isinstance(message, Check):
            checks.append(message)
        elif message is not None:
            doing = message.words
    return checks, doing


def _death(code: int | None, seconds: float, doing: str, words: str) -> Check:
    lines = tuple(words.splitlines()[-3:])
    if code is None:
        return Check("process", doing, ok=False, words=f"did not end within {seconds:g} seconds", details=lines)
    if code > 0:
        last = lines[-1] if lines else f"exit code {code}"
        return Check("process", doing, ok=False, words=last, details=lines[:-1])
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return Check("process", doing, ok=False, words=f"the process died of {name}", details=lines, advice=_DEATH_ADVICE)
