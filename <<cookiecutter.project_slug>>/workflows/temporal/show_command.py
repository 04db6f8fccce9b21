"""`python -m workflows.temporal show`: an entity's status, what happened so far, and what is still to be told."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from db.base import Entity
from db.repositories import entities, outbox, timeline
from db.repositories.events import UnknownEntityError
from db.session import Database
from settings import Settings
from workflows.temporal import by_hand
from workflows.temporal.processes import process_of


def main(argv: Sequence[str]) -> int:
    """Show an entity; 0 shown, 1 not there, 2 wrong usage or settings."""
    parser = argparse.ArgumentParser(
        prog="python -m workflows.temporal show",
        description="Show an entity: status, timeline, and what waits in the outbox. Reads the database only.",
    )
    parser.add_argument("entity", metavar="ID")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    arguments = parser.parse_args(argv)
    return by_hand.run("show", lambda settings: _show(settings, arguments))


async def _show(settings: Settings, arguments: argparse.Namespace) -> int:
    shown = await look(settings, by_hand.id_of(arguments.entity))
    if arguments.json:
        json.dump(shown, sys.stdout, indent=2)
        print()
        return 0
    for name in ("type", "id", "workflow", "status"):
        if shown[name] is not None:
            print(f"{name:<9}  {shown[name]}")
    for item in shown["timeline"]:
        print(f"{item['at']}  {item['event']:<16}  {_words(item['detail'])}".rstrip())
    for entry in shown["outbox"]:
        why = entry["last_error"] or "not tried yet"
        print(f"{entry['status']}: {entry['event']}, {entry['attempts']} attempts: {why}")
    return 0


async def look(settings: Settings, entity_id: uuid.UUID) -> dict[str, Any]:
    """Return what is known of an entity, without what people wrote.

    Raises:
        UnknownEntityError: there is none of this id.
        DatabaseUnavailableError: it could not be read.
    """
    unknown = UnknownEntityError("entity")
    if settings.uses_sqlite and not settings.sqlite_path.exists():
        # To look must not make a database.
        raise unknown
    database = Database(settings)
    try:
        async with database.session(read_only=True) as session:
            entity = await session.get(Entity, entity_id)
            if entity is None:
                raise unknown
            process = process_of(entity.type)
            status = await entities.status_of(session, entity.type, entity_id)
            events = await timeline.list_for(session, entity_id)
            target = None if process is None else process.target(entity_id)
            waiting = [] if target is None else await outbox.list_waiting(session, target)
    finally:
        await database.dispose()
    return {
        "type": entity.type,
        "id": str(entity_id),
        "workflow": target,
        "status": status,
        "timeline": [
            {"at": row.at.isoformat(timespec="seconds"), "event": row.event, "detail": row.detail or {}}
            for row in events
        ],
        "outbox": [
            {
                "event": row.payload.get("event", row.kind),
                "status": row.status,
                "attempts": row.attempts,
                "last_error": row.last_error,
            }
            for row in waiting
        ],
    }


def _words(detail: Mapping[str, Any]) -> str:
    words = {name: value if isinstance(value, str) else json.dumps(value) for name, value in detail.items()}
    return "  ".join(f"{name}={value}" for name, value in words.items())
