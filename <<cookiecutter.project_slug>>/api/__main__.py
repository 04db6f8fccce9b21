"""`python -m api`: API keys (`keys create --name NAME --scopes read,run`), and a signed webhook by hand (`send`)."""

from __future__ import annotations

import argparse
import asyncio
import sys
import uuid
from collections.abc import Sequence

from api.keys import run_keys
from api.send import send
from api.settings import get_settings
from db.models import SCOPES
from db.session import Database, DatabaseUnavailableError
from settings import SettingsError


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(prog="python -m api", description="Keys of the API, and webhooks by hand.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    actions = commands.add_parser("keys", help="API keys").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    create = actions.add_parser("create", help="make a key and show it, this once")
    create.add_argument("--name", required=True, help="who uses it")
    create.add_argument("--scopes", default="read", help=f"comma separated, of {', '.join(SCOPES)} (default: read)")
    create.add_argument("--days", type=float, help="days until it expires (default: never)")
    actions.add_parser("list", help="show every key's id, name, scopes and state")
    actions.add_parser("revoke", help="end a key at once").add_argument("id", type=uuid.UUID)
    one = commands.add_parser("send", help="sign a webhook, send it, and print the answer")
    one.add_argument("path", help="such as /webhooks/submit")
    one.add_argument("body", help="JSON, or - for standard input")
    one.add_argument("--base", default="http://127.0.0.1:8000", help="where the API is (default: %(default)s)")
    one.add_argument("--id", help="the webhook's id; the same again gets the same answer (default: a new one)")
    one.add_argument("--wait", type=float, default=0.0, help="seconds to wait for the result (default: 0)")
    return parser


async def _run_keys(arguments: argparse.Namespace) -> int:
    database = Database(get_settings())
    try:
        return await run_keys(arguments, database)
    finally:
        await database.dispose()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 1 not done, 2 wrong usage or settings."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    arguments = make_parser().parse_args(argv)
    try:
        if arguments.command == "send":
            body = sys.stdin.read() if arguments.body == "-" else arguments.body
            base = arguments.base.rstrip("/")
            return send(get_settings(), base, arguments.path, body, webhook_id=arguments.id, wait=arguments.wait)
        return asyncio.run(_run_keys(arguments))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except DatabaseUnavailableError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
