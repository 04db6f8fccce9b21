"""A house with one more type of entity: the folder db/ is copied, and a module is put into its entities, no more.

`python dropped_in.py URL [create]` in that folder takes a parcel by webhook, twice, and prints what the database holds
of it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from settings import ROOT

ID = "0190163d-8694-739b-aea5-966c26f8ad91"

MODULE = '''"""Parcels, with a column of every kind."""

import datetime as dt
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, EntityRow, status_rules
from db.entities.kinds import EntityType


class Parcel(EntityRow, Base):
    """A parcel."""

    __tablename__ = "parcels"
    __table_args__ = status_rules("parcels", ("new", "lost"))

    title: Mapped[str]
    code: Mapped[str] = mapped_column(String(8))
    pieces: Mapped[int]
    kilos: Mapped[float]
    fragile: Mapped[bool]
    due_on: Mapped[dt.date]
    sent_at: Mapped[dt.datetime]
    extra: Mapped[dict[str, Any]]
    tags: Mapped[list[str]]
    order_: Mapped[int] = mapped_column("order", default=5)
    note: Mapped[str | None]
    lost_at: Mapped[dt.datetime | None]
    more: Mapped[dict[str, Any] | None]
    counted: Mapped[int | None] = mapped_column(default=3)
    labels: Mapped[list[str] | None] = mapped_column(default=list)


ENTITY = EntityType("parcel", Parcel, final=("lost",), label="title", group="code")
'''


def drop_in(folder: Path, module: str = MODULE) -> Path:
    """Make the house; return the new module's file."""
    shutil.copytree(ROOT / "db", folder / "db", ignore=shutil.ignore_patterns("__pycache__", "tests"))
    shutil.copy(ROOT / "alembic.ini", folder)
    file = folder / "db/entities/parcel.py"
    file.write_text(module)
    return file


def run(folder: Path, url: str, *words: str) -> str:
    """Run a command of Python's in the house; return what it printed."""
    path = os.pathsep.join((str(folder), str(ROOT)))
    done = subprocess.run(
        [sys.executable, *words],
        env={**os.environ, "DATABASE_URL": url, "PYTHONPATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def take_twice(url: str, *words: str) -> dict[str, Any]:
    """Take a parcel, hostile text and all; return the rows that are stored, by their tables."""
    from sqlalchemy import select

    from db import testing
    from db.entities import entity_type, metadata
    from db.repositories import intake
    from db.session import Database

    at, entity_id = dt.datetime(2026, 3, 29, 2, 30, 0, 123456, dt.UTC), uuid.UUID(ID)
    hostile: Any = {"z": "a\x00b\ud800", "a": [1.5, float("nan"), None, True], "é": {}}
    model: Any = entity_type("parcel").model
    row = model(
        status="new",
        title="a\x00b\ud800 é",
        code="X-1",
        pieces=-7,
        kilos=0.1,
        fragile=False,
        due_on=dt.date(2026, 2, 28),
        sent_at=at.astimezone(dt.timezone(dt.timedelta(hours=5))),
        extra=hostile,
        tags=["b", "a\x00"],
        created_at=at,
        updated_at=at,
    )
    receipt = intake.Receipt(
        "parcels", "msg_\x00", b"{}", entity_id, {"id": "1", "n": hostile}, "/parcels/1", {"form": "a\x00"}
    )
    database = Database(testing.settings_for(url))
    if words == ("create",):
        # Without a migration for the new table.
        async with database.engine.begin() as connection:
            await connection.run_sync(metadata().create_all)
    taken = [await intake.take(database, receipt, row, target="process-1") for _ in range(2)]
    stored: dict[str, Any] = {"taken": [(accepted.fresh, accepted.location) for accepted in taken]}
    async with database.session(read_only=True) as session:
        for name in ("parcels", "entities", "timeline", "outbox", "webhook_inbox"):
            table = metadata().tables[name]
            rows = (await session.execute(select(table))).mappings().all()
            stored[name] = [dict(one) for one in rows]
    await database.dispose()
    return stored


if __name__ == "__main__":
    print(json.dumps(asyncio.run(take_twice(*sys.argv[1:])), default=str))
