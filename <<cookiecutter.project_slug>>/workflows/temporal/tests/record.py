"""`make histories`: plays the processes and writes their histories, which `temporal workflow validate` replays.

A history that is there already is kept: it stands for processes that began under earlier code. `--label NAME` records
the code as it is now beside it, `--replace` instead of it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import uuid
from collections.abc import Sequence
from pathlib import Path

from workflows.temporal.ending import leave
from workflows.temporal.tests.normalise import normalise
from workflows.temporal.tests.plays import Recorded, plays
from workflows.temporal.tests.rehearsal import time_skipping
from workflows.temporal.validate import HISTORIES
from workflows.temporal.validation.replay import quiet_runtime

_NAMESPACE = uuid.UUID("019b0000-0000-7000-8000-000000000000")


async def record(name: str) -> str:
    """Play one of the plays; return its history as the text of a file."""
    return await history_text(plays()[name], str(uuid.uuid5(_NAMESPACE, name)))


async def history_text(play: Recorded, entity_id: str) -> str:
    """Play a process on a server of its own; return its history as the text of a file."""
    async with time_skipping() as environment:
        handle = await play(environment, entity_id)
        history = await handle.fetch_history()
    return normalise(history.to_json_dict(), workflow_id=handle.id)


async def _write(names: Sequence[str], folder: Path, label: str, *, is_replacing: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = folder / f"{name}{f'.{label}' if label else ''}.json"
        if path.exists() and not is_replacing:
            print(f"kept      {path.name}")
            continue
        text = await record(name)
        path.write_text(text, encoding="utf-8")
        print(f"recorded  {path.name}")


def main(argv: Sequence[str] | None = None) -> int:
    """Record; 0 done, 2 wrong usage."""
    known = plays()
    parser = argparse.ArgumentParser(
        prog="python -m workflows.temporal.tests.record",
        description="Play each end of each process and write its history. Histories that are there are kept.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}; all, if none is given")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--label", default="", help="record beside those that are there, as NAME.LABEL.json")
    ways.add_argument("--replace", action="store_true", help="record anew: only when no process is under way anywhere")
    parser.add_argument("--folder", type=Path, default=HISTORIES, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.label and not given.label.replace("-", "").isalnum():
        parser.error("--label takes letters, digits and '-'")
    if unknown := [name for name in given.names if name not in known]:
        parser.error(f"nothing is called {unknown[0]!r}; there are: {', '.join(known)}")
    # What an activity is scripted to refuse is no news.
    logging.disable(logging.ERROR)
    quiet_runtime()
    asyncio.run(_write(given.names or list(known), given.folder, given.label, is_replacing=given.replace))
    return 0


if __name__ == "__main__":
    try:
        code = main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 2
    leave(code)
