"""`python -m db`: the schema, and outbox entries that were given up on."""

from __future__ import annotations

import argparse
import asyncio
import sys
import uuid
from collections.abc import Sequence

from alembic.util import CommandError

from db import migrate
from db.repositories import outbox
from db.session import Database, DatabaseUnavailableError
from settings import Settings, SettingsError, get_settings


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = argparse.ArgumentParser(prog="python -m db", description="The system's database (DATABASE_URL).")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("migrate", help="bring the schema up to date; safe to run again, and at once by many")
    up.add_argument("revision", nargs="?", default="head", help="default: the newest")
    down = commands.add_parser("downgrade", help="take the schema back; what the later revisions hold is LOST")
    down.add_argument("revision", help="a revision, -1 for one step, or base for nothing at all")
    commands.add_parser("check", help="exit 1 unless the schema is what the code needs")

    box = commands.add_parser("outbox", help="deliveries").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    box.add_parser("parked", help="show entries that were given up on")
    box.add_parser("requeue", help="try a parked entry again").add_argument("id", type=uuid.UUID)
    return parser


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do what was asked; return the exit code."""
    if arguments.command == "migrate":
        before, after = await migrate.upgrade(settings, arguments.revision)
        print(
            f"The schema is up to date ({after})." if before == after else f"Migrated: {before or 'empty'} -> {after}."
        )
        return 0
    if arguments.command == "downgrade":
        before, after = await migrate.downgrade(settings, arguments.revision)
        print(f"Downgraded: {before or 'empty'} -> {after or 'empty'}.")
        return 0
    database = Database(settings)
    try:
        if arguments.command == "check":
            found = await migrate.faults(database)
            print("\n".join(f"Wrong: {fault}" for fault in found) or "The schema is what the code needs.")
            return 1 if found else 0
        return await run_outbox(arguments, database)
    finally:
        await database.dispose()


async def run_outbox(arguments: argparse.Namespace, database: Database) -> int:
    """Show parked entries, or try one again."""
    async with database.session() as session:
        if arguments.action == "requeue":
            if not await outbox.requeue(session, arguments.id):
                print(f"No parked entry {arguments.id}.", file=sys.stderr)
                return 1
            told = f"Queued again: {arguments.id}."
        else:
            rows = await outbox.list_parked(session)
            told = "\n".join(
                f"{row.id}  {row.kind} {row.target}, {row.attempts} tries: {row.last_error}" for row in rows
            )
    print(told or "No entry is parked.")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 1 not done, 2 wrong usage or settings."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    arguments = make_parser().parse_args(argv)
    try:
        return asyncio.run(run(arguments, get_settings()))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except DatabaseUnavailableError as error:
        print(error, file=sys.stderr)
        return 1
    except CommandError as error:
        print(f"{error}.", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
