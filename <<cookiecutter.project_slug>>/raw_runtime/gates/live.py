"""The live table of a terminal, made with rich; all text is `Text`, so nothing in it is read as markup."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from raw_runtime.gates.model import FAIL, PASS, SKIP, Build, Gate, GateResult
from raw_runtime.gates.report import detail, failure, seconds, tail, verdict
from raw_runtime.project import Project

_STYLES = {PASS: "green", FAIL: "bold red", SKIP: "yellow"}


class LiveConsole:
    """Shows every gate's state while they run; afterwards failures, the final table and the verdict stay."""

    def __init__(self, project: Project, stream: TextIO) -> None:
        self._root = project.root
        self._console = Console(file=stream, highlight=False, markup=False, emoji=False)
        ascii_only = not self._console.encoding.lower().startswith("utf")
        self._spinner = Spinner("line" if ascii_only else "dots", style="cyan")
        self._gates: list[Gate] = []
        self._folder = ""
        self._since: dict[str, float] = {}
        self._results: dict[str, GateResult] = {}
        self._began = time.monotonic()
        self._live = Live(get_renderable=self._render, console=self._console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Give the terminal back, cursor and all."""
        self._live.stop()

    def begin(self, gates: list[Gate], build: Build) -> None:
        """Start the display."""
        self._gates = gates
        self._folder = build.folder
        self._began = time.monotonic()
        self._live.start()

    def started(self, gate: str) -> None:
        """Let the gate's clock run."""
        self._since[gate] = time.monotonic()

    def finished(self, result: GateResult) -> None:
        """Show how the gate ended."""
        self._results[result.gate] = result

    def summary(self, build: Build) -> None:
        """Replace the display by failures, table and verdict."""
        self._live.stop()
        for result in build.results:
            if result.status == FAIL:
                head, *rest = failure(result, self._root)
                self._console.print(Text(head, style="bold red"))
                for row in rest:
                    self._console.print(Text(row), soft_wrap=True)
                self._console.print()
        if build.results:
            grid = _grid()
            for result in build.results:
                state = Text(result.status, style=_STYLES[result.status])
                grid.add_row(Text(result.gate), state, seconds(result), Text(detail(result)))
            self._console.print(grid)
            self._console.print()
        style = "bold green" if build.ok and not build.count(SKIP) else "bold red" if not build.ok else "bold yellow"
        self._console.print(Text(verdict(build), style=style), soft_wrap=True)

    def _render(self) -> Group:
        grid = _grid()
        for gate in self._gates:
            result = self._results.get(gate.name)
            if result is not None:
                state = Text(result.status, style=_STYLES[result.status])
                grid.add_row(Text(gate.name), state, seconds(result), _one_line(detail(result)))
            elif gate.name in self._since:
                took = f"{time.monotonic() - self._since[gate.name]:.1f} s"
                grid.add_row(Text(gate.name), self._spinner, took, _one_line(self._last_words(gate)))
            else:
                grid.add_row(Text(gate.name), Text("...", style="dim"), "", "")
        bar = Table.grid(padding=(0, 1))
        done, total = len(self._results), len(self._gates)
        bar.add_row(
            ProgressBar(total=max(total, 1), completed=done, width=24, complete_style="cyan", finished_style="green"),
            Text(f"{done}/{total} done, {time.monotonic() - self._began:.0f} s", style="dim"),
        )
        return Group(grid, bar)

    def _last_words(self, gate: Gate) -> str:
        rows = tail(self._root / self._folder / "logs" / f"{gate.name}.log", 1)
        return rows[0].strip() if rows else ""


def _one_line(text: str) -> Text:
    return Text(text, style="dim", no_wrap=True, overflow="crop")


def _grid() -> Table:
    grid = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    grid.add_column("Gate", no_wrap=True)
    grid.add_column("State", no_wrap=True, min_width=5)
    grid.add_column("Time", justify="right", no_wrap=True, min_width=7)
    grid.add_column("Detail", ratio=1, overflow="fold")
    return grid
