"""How results read, as plain text: nothing here is markup, and all of our own words are ASCII."""

from __future__ import annotations

from pathlib import Path

from raw_runtime.gates.model import FAIL, PASS, SKIP, Build, GateResult
from raw_runtime.plain import clean

TAIL_LINES = 15
_TAIL_BYTES = 64_000
_MAX_LINE = 400


def seconds(result: GateResult) -> str:
    """Return the gate's time as text; a skip took none."""
    return "-" if result.status == SKIP else f"{result.duration_seconds:.2f} s"


def detail(result: GateResult) -> str:
    """Return the reason and, for a skip, how to have it checked, in one line."""
    reason = " ".join(clean(result.reason).split())
    if result.status != SKIP:
        return reason
    return f"{reason}: {again(result.remedy, [result.gate])}"


def again(remedy: str, names: list[str]) -> str:
    """Return `REMEDY, then raw gates NAMES`."""
    return f"{remedy}, then raw gates {' '.join(names)}" if remedy else f"raw gates {' '.join(names)}"


def line(index: int, total: int, result: GateResult) -> str:
    """Return the line that tells of one finished gate."""
    took = "" if result.status == SKIP else f" {seconds(result)}"
    why = detail(result)
    return f"[{index}/{total}] {result.status} {result.gate}{took}{'  ' + why if why else ''}"


def table(results: list[GateResult]) -> str:
    """Return the aligned table of all results."""
    rows = [("Gate", "State", "Time", "Detail")]
    rows += [(result.gate, result.status, seconds(result), detail(result)) for result in results]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}".rstrip() for row in rows
    )


def tail(path: Path, lines: int = TAIL_LINES) -> list[str]:
    """Return the last lines of a log, cleaned of escapes, blank ends and excess length; [] when there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    found = clean(text).strip("\n").split("\n")[-lines:]
    return [row if len(row) <= _MAX_LINE else row[:_MAX_LINE] + " ..." for row in found if found != [""]]


def failure(result: GateResult, root: Path) -> list[str]:
    """Return the block about one failed gate: its last lines, its log, and how to run it alone."""
    rows = [f"FAIL {result.gate}: {' '.join(clean(result.reason).split())}"]
    if result.log:
        rows += [f"  | {row}".rstrip() for row in tail(root / result.log)]
        rows.append(f"  log: {result.log}")
    return [*rows, f"  run it alone: raw gates {result.gate}"]


def verdict(build: Build) -> str:
    """Return the last word, in one line: each state counted, what failed, what was not checked and how to check it."""
    counts = f"{build.count(PASS)} passed, {build.count(FAIL)} failed, {build.count(SKIP)} skipped."
    words = ["Interrupted:" if build.interrupted else "Gates:", counts]
    if not build.results:
        words.append("There was nothing to run.")
    failed = [result.gate for result in build.results if result.status == FAIL]
    skipped = [result for result in build.results if result.status == SKIP]
    if failed:
        words.append(f"Failed: {', '.join(failed)}.")
    if skipped:
        remedies: dict[str, list[str]] = {}
        for result in skipped:
            remedies.setdefault(result.remedy, []).append(result.gate)
        parts = [f"{', '.join(names)} ({again(remedy, names)})" for remedy, names in remedies.items()]
        words.append(f"Not checked: {'; '.join(parts)}.")
    return " ".join(words)
