"""What Alembic runs: on the connection that db.migrate gives, or on one of its own for the `alembic` command."""

from __future__ import annotations

import asyncio
from typing import Literal

from alembic import context
from alembic.operations.ops import MigrationScript
from sqlalchemy import Connection

from db.entities import metadata
from db.migrate import wait_for_others
from db.schema import newest_revision
from db.session import make_engine, make_url_of
from db.types import CleanJSON, CleanText, UTCDateTime
from settings import get_settings

# A revision must not change its meaning when the project's own types do: it names what they are made of.
PLAIN_TYPES: dict[type[object], str] = {
    CleanText: "sa.Text()",
    CleanJSON: "sa.JSON()",
    UTCDateTime: "sa.DateTime(timezone=True)",
}


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write the project's column types as plain ones; False leaves the rest to Alembic."""
    return PLAIN_TYPES.get(type(item), False) if kind == "type" else False


def number(_context: object, _revision: object, directives: list[MigrationScript]) -> None:
    """Number a new revision on from the newest, since db/schema.py tells the newest by its name."""
    for directive in directives:
        directive.rev_id = f"{int(newest_revision()) + 1:04}"


def run(connection: Connection) -> None:
    """Migrate in the connection's transaction, one process at a time."""
    wait_for_others(connection)
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        compare_server_default=True,
        render_item=render_item,
        process_revision_directives=number,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_alone() -> None:
    """Migrate on a connection of its own."""
    engine = make_engine(get_settings(), pooled=False, foreign_keys=False)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


if context.is_offline_mode():
    context.configure(url=make_url_of(get_settings()), target_metadata=metadata(), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    asyncio.run(run_alone())
