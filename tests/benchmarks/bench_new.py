"""What a process of one's own costs: `raw new process` to all gates green, against the gates of the same system before.

`python tests/benchmarks/bench_new.py PROJECT`: a rendered project with its environment. The process stays in it. A gate
that is not green ends this with exit code 1; no figure does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

NEW = "raw new process order-fulfilment --entity order --signals payment-received,shipped --webhooks payment,shipment"
GATES = "raw gates --all --json"


def timed(project: Path, command: str) -> tuple[float, str]:
    """Run a command of the project's environment; return its seconds and what it printed, or end with its words."""
    outer = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    words = command.split()
    began = time.perf_counter()
    done = subprocess.run(
        [project / ".venv/bin" / words[0], *words[1:]], cwd=project, env=outer, capture_output=True, text=True
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{command}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return seconds, done.stdout


def slowest(report: str) -> str:
    """Name the three gates that took longest, each with its seconds."""
    gates = sorted(json.loads(report)["gates"], key=lambda gate: -gate["duration_seconds"])
    return ", ".join(f"{gate['gate']} {gate['duration_seconds']:.0f} s" for gate in gates[:3])


def main() -> None:
    """Measure, and print a line for each."""
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / ".venv/bin/raw").exists():
        sys.exit("Usage: python tests/benchmarks/bench_new.py PROJECT, a rendered project with its environment.")
    project = Path(sys.argv[1]).absolute()
    before, report = timed(project, GATES)
    print(f"{'all gates, before':34}{before:7.1f} s   {slowest(report)}")
    new, _ = timed(project, NEW)
    print(f"{'raw new process':34}{new:7.1f} s")
    after, report = timed(project, GATES)
    print(f"{'all gates, after':34}{after:7.1f} s   {slowest(report)}")
    ratio = (new + after) / before
    print(f"{'raw new process to all gates green':34}{new + after:7.1f} s   {ratio:.2f} x all gates before")


if __name__ == "__main__":
    main()
