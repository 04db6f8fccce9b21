"""`temporal workflow validate`: what a worker would only find out with processes under way. Needs no server.

The Temporal command line (1.8 or later) runs an executable `temporal-workflow-validate` that is on PATH under that
name; `python -m workflows.temporal validate` and the executable alone do the same.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from workflows.temporal.validation.model import Check
from workflows.temporal.validation.process import UsageError, run_in_child

HISTORIES = Path(__file__).resolve().parent / "tests" / "histories"


def main(argv: Sequence[str] | None = None) -> int:
    """Check the Temporal workflows; 0 all is well, 1 something is not, 2 wrong usage or settings."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    parser = argparse.ArgumentParser(
        prog="temporal-workflow-validate",
        description="Load every Temporal workflow in the SDK's sandbox, check registrations and signatures, and replay "
        "the recorded histories with the code as it is now.",
        epilog="Exit codes: 0 all is well, 1 something is not, 2 wrong usage or settings.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--histories", type=Path, default=HISTORIES, metavar="FOLDER", help="recorded histories")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="longest time (default: 60)")
    try:
        given = parser.parse_args(argv)
        if given.timeout <= 0:
            parser.error("--timeout must be a number of seconds above 0")
        if given.histories != HISTORIES and not given.histories.is_dir():
            parser.error(f"--histories: {given.histories} is no folder")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 2
    begun = time.monotonic()
    try:
        checks = run_in_child(given.histories, given.timeout)
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    seconds = time.monotonic() - begun
    is_ok = bool(checks) and all(check.ok for check in checks)
    print(_document(checks, seconds, is_ok=is_ok) if given.json else report(checks, seconds))
    return 0 if is_ok else 1


def _document(checks: Sequence[Check], seconds: float, *, is_ok: bool) -> str:
    document = {"ok": is_ok, "seconds": round(seconds, 2), "checks": [check.to_dict() for check in checks]}
    return json.dumps(document, indent=2)


def report(checks: Sequence[Check], seconds: float) -> str:
    """Return one line a check, the details of those that failed, and what to do about them."""
    width = max((len(check.kind) for check in checks), default=0)
    lines = []
    for check in checks:
        lines.append(f"{'PASS' if check.ok else 'FAIL'}  {check.kind:{width}}  {check.subject}: {check.words}")
        lines += [f"      {'':{width}}  {detail}" for detail in check.details]
    for advice in dict.fromkeys(check.advice for check in checks if check.advice and not check.ok):
        lines += ["", advice]
    failed = sum(not check.ok for check in checks)
    verdict = f"{failed} of {len(checks)} checks failed" if failed else f"{len(checks)} checks passed"
    return "\n".join([*lines, "", f"{verdict} in {seconds:.1f} s"])


if __name__ == "__main__":
    sys.exit(main())
