"""The process that checks: `python -m workflows.temporal.validation FOLDER`, started by `workflows.temporal.validate`.

What it finds goes to standard output line by line, so that its parent knows how far it came.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

from workflows.temporal.ending import leave
from workflows.temporal.validation.model import Check, Doing, encode


def _emit(message: Check | Doing) -> None:
    sys.stdout.write(f"\n{encode(message)}\n")
    sys.stdout.flush()


def main(folder: str) -> int:
    """Check; 0 when it came to its end, whatever it found, 2 when the settings are wrong."""
    # The SDK logs every failure with a long trace; it is told in the report.
    logging.disable(logging.CRITICAL)
    _emit(Doing("importing the registry and the activities"))
    try:
        from settings import SettingsError
        from workflows.temporal.validation.checks import run_checks

        asyncio.run(run_checks(Path(folder), _emit))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    leave(main(sys.argv[1]))
