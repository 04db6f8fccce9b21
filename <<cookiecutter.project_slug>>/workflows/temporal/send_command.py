"""`python -m workflows.temporal send`: tells a process by hand what a webhook or a person would."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from db.repositories import events
from db.repositories.events import EntityEvent
from db.types import new_id
from settings import Settings
from workflows.temporal import by_hand
from workflows.temporal.processes import Process, processes


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m workflows.temporal send",
        description="Store an event of an entity and signal its process. With Temporal away it is signalled later.",
    )
    kinds = parser.add_subparsers(dest="process", required=True, metavar="PROCESS")
    for name, process in processes().items():
        of_process = kinds.add_parser(name, help=f"an event of a {process.entity}")
        sources = of_process.add_subparsers(dest="event", required=True, metavar="EVENT")
        for incoming in process.incoming:
            if incoming.by_hand:
                words = (incoming.model.__doc__ or "").splitlines()[0].replace("%", "%%")
                one = sources.add_parser(incoming.source, help=words, description=words)
                one.add_argument("entity", metavar="ID", help=f"of the {process.entity}")
                by_hand.add_fields(one, incoming.model, without=incoming.id_field)
                by_hand.add_key(one)
    return parser


def main(argv: Sequence[str]) -> int:
    """Send an event; 0 stored, 1 not stored, 2 wrong usage or settings."""
    return by_hand.parsed(make_parser, argv, "send", _send)


async def _send(settings: Settings, arguments: argparse.Namespace) -> int:
    process: Process = by_hand.process_named(arguments.process)
    event = event_of(process, arguments)
    async with by_hand.opened(settings) as database:
        async with database.session() as session:
            accepted = await events.take(session, event, by_hand.address(settings, process, event.entity_id))
        if not accepted.fresh:
            print("It was taken before, under this --id.")
        if event.target is None:
            print("Stored. This is nothing that the process is told.")
            return 0
        print(await by_hand.deliver_now(database, settings, event.target))
    return 0


def event_of(process: Process, arguments: argparse.Namespace) -> EntityEvent:
    """Return what is to be stored.

    Raises:
        WrongInputError: an argument is wrong.
    """
    incoming = process.incoming_of(arguments.event)
    assert incoming is not None
    entity_id = by_hand.id_of(arguments.entity)
    values = by_hand.given_fields(arguments, incoming.model)
    if incoming.id_field is not None:
        values[incoming.id_field] = str(entity_id)
    given, body = by_hand.checked(incoming.model, values)
    return incoming.make(entity_id, arguments.id or str(new_id()), body, given, by_hand.SOURCE)
