"""What the processes of the tests do: an action and its words, one line of result after the other."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection

from sqlalchemy import text

from db import migrate, testing
from db.repositories import inbox, outbox, submissions
from db.session import Database
from db.types import new_id

Say = Callable[..., None]


def owner() -> str:
    return f"process-{os.getpid()}"


async def accept(say: Say, database: Database, webhook_id: str, copies: str) -> None:
    """Take the same webhook several times at once."""

    async def one() -> str:
        submission_id = new_id()
        async with database.session() as session:
            got = await inbox.accept(
                session,
                source="submit",
                webhook_id=webhook_id,
                body=b"{}",
                entity_type="submission",
                entity_id=submission_id,
                answer={"id": str(submission_id)},
            )
            if got.fresh:
                await submissions.create(session, id=submission_id, form="contact", email="a@b.c", text="hello")
        return f"{'fresh' if got.fresh else 'again'} {got.answer['id']}"

    for line in await asyncio.gather(*(one() for _ in range(int(copies)))):
        say(line)


async def work(say: Say, database: Database, limit: str, lease_seconds: str) -> None:
    """Lease and complete submissions until none is left."""
    while True:
        async with database.session() as session:
            leases = await submissions.lease_batch(session, owner(), int(limit), float(lease_seconds))
        if not leases:
            return
        for lease in leases:
            async with database.session() as session:
                if await submissions.complete(session, lease, {"by": owner()}):
                    say(lease.id, lease.attempt)


async def hold(say: Say, database: Database, limit: str, lease_seconds: str) -> None:
    """Lease submissions, then hang."""
    async with database.session() as session:
        leases = await submissions.lease_batch(session, owner(), int(limit), float(lease_seconds))
    say(" ".join(str(lease.id) for lease in leases))
    await asyncio.sleep(600)


async def die_inside(say: Say, database: Database) -> None:
    """Hang in the middle of a writing transaction."""
    async with database.session() as session:
        await submissions.create(session, form="contact", email="a@b.c", text="never committed")
        say("inside")
        time.sleep(600)


async def add(_say: Say, database: Database, entity_id: str, count: str) -> None:
    """Add entries to one target."""
    for number in range(int(count)):
        async with database.session() as session:
            await outbox.add(
                session,
                kind="signal",
                target="process-1",
                payload={},
                entity_type="submission",
                entity_id=uuid.UUID(entity_id),
                dedupe_key=f"{owner()}-{number}",
            )


async def deliver(_say: Say, database: Database, journal: str) -> None:
    """Deliver outbox entries until none is left, each one written to the journal before it is marked."""
    idle = 0
    while idle < 20:
        async with database.session() as session:
            leases = await outbox.lease_batch(session, owner(), 3, 30)
        idle = 0 if leases else idle + 1
        for lease in leases:
            line = f"{lease.target} {lease.position}\n".encode()
            handle = os.open(journal, os.O_WRONLY | os.O_APPEND)
            os.write(handle, line)
            os.close(handle)
            async with database.session() as session:
                assert await outbox.delivered(session, lease)
        if not leases:
            await asyncio.sleep(0.02)


async def write(say: Say, database: Database, count: str) -> None:
    """Write submissions, one transaction each, with a read in it first."""
    for number in range(int(count)):
        async with database.session() as session:
            await submissions.list_page(session, limit=1)
            await submissions.create(session, form=f"{number}", email="e", text="t")
    say(count)


async def upgrade(say: Say, database: Database) -> None:
    """Migrate."""
    before, after = await migrate.upgrade(database.settings)
    say(before, after)


ACTIONS: dict[str, Callable[..., Awaitable[None]]] = {
    action.__name__: action for action in (accept, work, hold, die_inside, add, deliver, write, upgrade)
}


async def run(pipe: Connection, url: str, words: tuple[str, ...]) -> None:
    database = Database(testing.settings_for(url))
    if words[0] != "upgrade":
        async with database.session(read_only=True) as session:
            await session.execute(text("SELECT 1"))
    pipe.send("ready")
    pipe.recv()

    def say(*said: object) -> None:
        pipe.send(" ".join(map(str, said)))

    await ACTIONS[words[0]](say, database, *words[1:])
    await database.dispose()


def play(pipe: Connection, url: str, words: tuple[str, ...]) -> None:
    asyncio.run(run(pipe, url, words))
