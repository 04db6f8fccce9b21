"""One table at the end: each figure against the baseline measured in the same run, and what was aimed at."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "template"))

MEDIANS: dict[str, float] = {}
MEMORY: dict[str, float] = {}

# name, baseline, what is aimed at (a function of the baseline's median), in words
AIMS: list[tuple[str, str, Callable[[float], float], str]] = [
    ("raw run, one trivial step", "python -c 'import pydantic'", lambda base: base * 3, "3 x"),
    ("raw --help", "python -c 'import pydantic'", lambda base: base * 2, "2 x"),
    ("raw show", "python -c 'import pydantic'", lambda base: base * 2, "2 x"),
    ("inprocess call", "bare function", lambda base: base + 0.001, "+ 1 ms"),
    ("pool call", "bare function", lambda base: base + 0.005, "+ 5 ms"),
    ("subprocess call", "bare function", lambda base: base + 1, "-"),
    (
        "render without gates",
        "cookiecutter --version",
        lambda base: base * 1.3 + 0.003 * MEMORY["files"],
        "1.3 x + 3 ms a file",
    ),
]


@pytest.fixture
def note(benchmark: Any) -> Callable[..., None]:
    """Measure a call some rounds, and keep its median (seconds) under a name."""

    def run(name: str, call: Callable[[], object], rounds: int) -> None:
        benchmark.pedantic(call, rounds=rounds, warmup_rounds=1)
        if benchmark.stats is not None:
            MEDIANS[name] = benchmark.stats.stats.median

    return run


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table; nothing here fails on time, for machines are shared and noisy."""
    if not MEDIANS:
        return
    write = terminalreporter.write_line
    terminalreporter.section("figures (medians of one run on this machine)")
    write(f"{'what':30} {'ms':>9}   {'baseline':30} {'ms':>9} {'ratio':>7}   aim")
    for name, baseline, aim, words in AIMS:
        if name in MEDIANS and baseline in MEDIANS:
            value, base = MEDIANS[name], MEDIANS[baseline]
            verdict = "met" if value <= aim(base) else "MISSED"
            figures = f"{name:30} {value * 1e3:9.3f}   {baseline:30} {base * 1e3:9.3f} {value / base:7.2f}"
            write(f"{figures}   {words}: {verdict}")
    for name, value in MEMORY.items():
        write(f"{name:30} {value:9.0f}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    write(f"{'largest process started, MB':30} {peak:9.0f}")
