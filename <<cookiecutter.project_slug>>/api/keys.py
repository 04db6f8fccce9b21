"""What `python -m api keys` does."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta

from db.repositories import api_keys
from db.session import Database
from db.types import utc_now


async def run_keys(arguments: argparse.Namespace, database: Database) -> int:
    """Make, list or revoke API keys."""
    async with database.session() as session:
        if arguments.action == "create":
            scopes = [scope.strip() for scope in arguments.scopes.split(",") if scope.strip()]
            expires_at = utc_now() + timedelta(days=arguments.days) if arguments.days is not None else None
            try:
                key, row = await api_keys.create(session, arguments.name, scopes, expires_at=expires_at)
            except ValueError as error:
                print(error, file=sys.stderr)
                return 2
            told = f"{row.id} {row.name} ({', '.join(row.scopes)}). It is not shown again:\n{key}"
        elif arguments.action == "revoke":
            if not await api_keys.revoke(session, arguments.id):
                print(f"No key {arguments.id} is in use.", file=sys.stderr)
                return 1
            told = f"Revoked {arguments.id}."
        else:
            rows = await api_keys.list_all(session)
            now = utc_now()
            told = "\n".join(f"{row.id}  {row.state(now):<8} {','.join(row.scopes):<20} {row.name}" for row in rows)
    print(told or "There is no key yet: python -m api keys create --name NAME --scopes read")
    return 0
