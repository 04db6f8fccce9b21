"""A module that is put into db/entities is a type of entity: found, migrated to, and taken in by the hot path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from db import migrate, testing
from db.tests import dropped_in
from db.tests.dropped_in import ID, drop_in, run

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

# What differs each time.
VARIES = {"id", "at", "received_at", "created_at", "next_attempt_at"}


async def test_a_module_is_found_and_what_alembic_writes_for_it_is_what_is_needed(kind: str, tmp_path: Path) -> None:
    drop_in(tmp_path)
    async with testing.migrated_database(kind, tmp_path) as url:

        def db(*words: str) -> str:
            return run(tmp_path, url, "-m", "db", *words)

        head, then = migrate.newest(), f"{int(migrate.newest()) + 1:04}"
        run(tmp_path, url, "-m", "alembic", "revision", "--autogenerate", "-m", "parcels")
        assert (tmp_path / f"db/migrations/versions/{then}_parcels.py").is_file()
        assert db("migrate") == f"Migrated: {head} -> {then}.\n"
        assert db("check") == "The schema is what the code needs.\n"
        stored = take(tmp_path, url)
        assert [row["title"] for row in stored["parcels"]] == ["a\ufffdb\ufffd é"]
        run(tmp_path, url, "-m", "alembic", "revision", "-m", "by hand")
        assert (tmp_path / f"db/migrations/versions/{int(then) + 1:04}_by_hand.py").is_file()


def take(folder: Path, url: str, *words: str) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(run(folder, url, str(Path(dropped_in.__file__)), url, *words))
    return stored


async def test_every_column_is_stored_as_it_was_given_or_by_its_default(kind: str, tmp_path: Path) -> None:
    drop_in(tmp_path)
    async with testing.empty_database(kind, tmp_path) as url:
        stored = take(tmp_path, url, "create")
    assert stored.pop("taken") == [[True, "/parcels/1"], [False, "/parcels/1"]]
    clean = {"z": "a\ufffdb\ufffd", "a": [1.5, None, None, True], "é": {}}
    (row,) = stored.pop("parcels")
    assert row == {
        "id": ID,
        "status": "new",
        "result": None,
        "created_at": "2026-03-29 02:30:00.123456+00:00",
        "updated_at": "2026-03-29 02:30:00.123456+00:00",
        "title": "a\ufffdb\ufffd é",
        "code": "X-1",
        "pieces": -7,
        "kilos": 0.1,
        "fragile": False,
        "due_on": "2026-02-28",
        "sent_at": "2026-03-29 02:30:00.123456+00:00",
        "extra": clean,
        "tags": ["b", "a\ufffd"],
        "order": 5,
        "note": None,
        "lost_at": None,
        "more": None,
        "counted": 3,
        "labels": [],
    }
    assert list(row["extra"]) == list(clean), "the keys in their order"
    own = {"entity_type": "parcel", "entity_id": ID}
    assert stored.pop("entities") == [{"id": ID, "type": "parcel"}]
    assert {
        name: [{key: row[key] for key in row.keys() - VARIES} for row in rows] for name, rows in stored.items()
    } == {
        "timeline": [own | {"event": "received", "detail": {"form": "a\ufffd"}}],
        "outbox": [
            own
            | {"kind": "start", "target": "process-1", "position": 1, "payload": {}, "dedupe_key": "process-1"}
            | {"status": "pending", "attempts": 0, "lease_owner": None, "lease_until": None, "last_error": None}
            | {"traceparent": None, "delivered_at": None}
        ],
        "webhook_inbox": [
            own
            | {"source": "parcels", "webhook_id": "msg_\ufffd", "status_code": 202, "location": "/parcels/1"}
            | {"answer": {"id": "1", "n": clean}}
            | {"body_digest": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}
        ],
    }


@pytest.mark.parametrize("default", ['server_default=text("5")', "default=func.abs(-5)"])
async def test_a_value_that_the_database_makes_is_made(kind: str, tmp_path: Path, default: str) -> None:
    # May it be NULL, none would be told that the default was passed over.
    module = dropped_in.MODULE.replace("order_: Mapped[int]", "order_: Mapped[int | None]")
    module = module.replace("default=5", default).replace("import String", "import String, func, text")
    drop_in(tmp_path, module)
    async with testing.empty_database(kind, tmp_path) as url:
        stored = take(tmp_path, url, "create")
    assert [row["order"] for row in stored["parcels"]] == [5]
    assert stored["taken"] == [[True, "/parcels/1"], [False, "/parcels/1"]]
