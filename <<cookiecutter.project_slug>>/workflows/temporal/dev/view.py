"""The demo on a terminal, live, and plain lines where there is none."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from workflows.temporal.dev.own_system import System
from workflows.temporal.dev.stories import Play

_EVENTS_SHOWN = 3
_REFRESH_SECONDS = 0.2
_SHOWN_DETAIL = ("mail", "workflow", "score", "call", "status", "decision", "reason", "calls_made")


class View:
    """Shows the plays while they go on, and what came of them."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stdout, highlight=False)
        self._told: dict[str, int] = {}
        self._since = time.monotonic()

    def say(self, text: str) -> None:
        """Write a line."""
        self._console.print(Text(text), soft_wrap=True)

    async def follow(self, plays: Sequence[Play]) -> None:
        """Show them until cancelled."""
        self._since = time.monotonic()
        if not self._console.is_terminal:
            while True:
                self._tell(plays)
                await asyncio.sleep(_REFRESH_SECONDS)
        with Live(console=self._console, auto_refresh=False, transient=True) as live:
            while True:
                live.update(_live_table(plays), refresh=True)
                await asyncio.sleep(_REFRESH_SECONDS)

    def _tell(self, plays: Sequence[Play]) -> None:
        for play in plays:
            known = self._told.get(play.name, 0)
            for event, detail in play.seen.timeline[known:]:
                self.say(f"{time.monotonic() - self._since:6.1f} s  {play.name:<22} {words_of(event, detail)}")
            self._told[play.name] = len(play.seen.timeline)

    def close(self, plays: Sequence[Play], system: System, *, stays: bool) -> None:
        """Show what came of them."""
        if not self._console.is_terminal:
            self._tell(plays)
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for title in ("", "", "expected", "got", "s"):
            table.add_column(title, justify="right" if title == "s" else "left", no_wrap=True)
        for play in plays:
            colour = "green" if play.is_right else "red"
            table.add_row(
                Text("ok" if play.is_right else "WRONG", colour),
                Text(play.name),
                play.expected,
                Text(play.seen.status or "nothing", colour),
                f"{play.seconds or 0:.1f}",
            )
        self.say("")
        self._console.print(table)
        for play in plays:
            if not play.is_right:
                self.say(f"{play.name}: expected {play.expected}, got {play.seen.status or 'nothing'}; {_why(play)}.")
        self.say("")
        for play in plays:
            if play.entity_id:
                self.say(f"{play.name}\n  {system.door.url(play.process, play.entity_id)}\n  {_history(system, play)}")
        if stays and system.note:
            self.say(system.note)
        if not stays:
            self.say("These addresses end with the demo; with --keep (`make demo ARGS=--keep`) they stay until Ctrl-C.")


def _history(system: System, play: Play) -> str:
    return f"{system.ui}/namespaces/default/workflows/{play.process.name}-{play.entity_id}"


def _why(play: Play) -> str:
    if play.why:
        return play.why
    last = play.seen.timeline[-1] if play.seen.timeline else ("nothing", {})
    return f"its last event is {words_of(*last)}"


def words_of(event: str, detail: Mapping[str, Any]) -> str:
    """Say an event in a few words."""
    found = [f"{name}={detail[name]}" for name in _SHOWN_DETAIL if name in detail]
    return " ".join([event, *found])


def _live_table(plays: Sequence[Play]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("", "stage", "last events", "s"):
        table.add_column(title, justify="right" if title == "s" else "left")
    for play in plays:
        events = [event for event, _ in play.seen.timeline]
        stages = [event for event in events if event in play.stages]
        stage = stages[-1] if stages else play.seen.status or "sending"
        colour = ("green" if play.is_right else "red") if play.has_ended or play.why else "yellow"
        last = [words_of(*item) for item in play.seen.timeline if item[0] not in ("delivered", *play.stages)]
        table.add_row(
            Text(play.name),
            Text(stage.replace("_", " "), colour),
            Text("\n".join(last[-_EVENTS_SHOWN:])),
            f"{play.seconds or time.monotonic() - play.began:.1f}",
        )
    return table
