"""`python -m workflows.temporal start`: takes by hand what begins a process, as a webhook would bring it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from db.repositories import intake
from db.repositories.intake import Receipt
from db.types import new_id
from settings import Settings
from workflows.temporal import by_hand
from workflows.temporal.processes import Process, processes


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m workflows.temporal start",
        description="Store an entity and start its process. With Temporal away it starts later.",
    )
    kinds = parser.add_subparsers(dest="process", required=True, metavar="PROCESS")
    for name, process in processes().items():
        words = f"store a {process.entity} and start its process"
        one = kinds.add_parser(name, help=words, description=f"{words.capitalize()}.")
        by_hand.add_fields(one, process.start.model)
        by_hand.add_key(one)
    return parser


def main(argv: Sequence[str]) -> int:
    """Start a process; 0 stored, 1 not stored, 2 wrong usage or settings."""
    return by_hand.parsed(make_parser, argv, "start", _start)


async def _start(settings: Settings, arguments: argparse.Namespace) -> int:
    process: Process = by_hand.process_named(arguments.process)
    given, body = by_hand.checked(process.start.model, by_hand.given_fields(arguments, process.start.model))
    entity_id = new_id()
    url = by_hand.address(settings, process, entity_id)
    answer = {"id": str(entity_id), "status": "received", "url": url}
    receipt = Receipt(by_hand.SOURCE, arguments.id or str(new_id()), body, entity_id, answer, url, {})
    row, target = process.start.make_row(given), process.target(entity_id)
    async with by_hand.opened(settings) as database:
        accepted = await intake.take(database, receipt, row, target=target)
        target = process.target(accepted.entity_id)
        again = "" if accepted.fresh else "  (taken before under this --id)"
        print(f"{process.entity:<9}  {accepted.entity_id}{again}")
        print(f"workflow   {target}", flush=True)
        print(await by_hand.deliver_now(database, settings, target))
    return 0
