"""`python -m workflows.temporal show`: a candidate's status, what happened so far, and what is still to be told."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from db.repositories import candidates, outbox, timeline
from db.repositories.events import UnknownCandidateError
from db.repositories.intake import hiring_target
from db.session import Database
from settings import Settings
from workflows.temporal import by_hand


def main(argv: Sequence[str]) -> int:
    """Show a candidate; 0 shown, 1 not there, 2 wrong usage or settings."""
    parser = argparse.ArgumentParser(
        prog="python -m workflows.temporal show",
        description="Show a candidate: status, timeline, and what waits in the outbox. Reads the database only.",
    )
    parser.add_argument("candidate_id", metavar="CANDIDATE_ID")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    arguments = parser.parse_args(argv)
    return by_hand.run("show", lambda settings: _show(settings, arguments))


async def _show(settings: Settings, arguments: argparse.Namespace) -> int:
    names = {"candidate_id": "CANDIDATE_ID"}
    whom, _ = by_hand.checked(by_hand.Whom, {"candidate_id": arguments.candidate_id}, names)
    shown = await look(settings, whom.candidate_id)
    if arguments.json:
        json.dump(shown, sys.stdout, indent=2)
        print()
        return 0
    for name in ("id", "workflow", "status"):
        print(f"{name:<9}  {shown[name]}")
    for item in shown["timeline"]:
        print(f"{item['at']}  {item['event']:<16}  {_words(item['detail'])}".rstrip())
    for entry in shown["outbox"]:
        why = entry["last_error"] or "not tried yet"
        print(f"{entry['status']}: {entry['event']}, {entry['attempts']} attempts: {why}")
    return 0


async def look(settings: Settings, candidate_id: uuid.UUID) -> dict[str, Any]:
    """Return what is known of a candidate, without what the person wrote.

    Raises:
        UnknownCandidateError: there is none of this id.
        DatabaseUnavailableError: it could not be read.
    """
    unknown = UnknownCandidateError("There is no candidate with this id.")
    if settings.uses_sqlite and not settings.sqlite_path.exists():
        # To look must not make a database.
        raise unknown
    database = Database(settings)
    target = hiring_target(candidate_id)
    try:
        async with database.session(read_only=True) as session:
            status = await candidates.status_of(session, candidate_id)
            if status is None:
                raise unknown
            events = await timeline.list_for(session, "candidate", candidate_id)
            waiting = await outbox.list_waiting(session, target)
    finally:
        await database.dispose()
    return {
        "id": str(candidate_id),
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
