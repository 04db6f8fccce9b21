"""Candidates as webhooks bring them in, and what is left of them after a step back of the schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from db import migrate, testing
from db.repositories import calls, candidates, effects, entities, intake, outbox, submissions, timeline
from db.repositories.inbox import Accepted
from db.session import Database
from db.types import new_id

pytestmark = pytest.mark.anyio

TEXTS: dict[str, Any] = {
    "name": "Ada",
    "email": "ada@example.com",
    "phone": "+44",
    "position": "baker",
    "cv_text": "A CV\x00",
}


async def take(database: Database, webhook_id: str = "msg_1") -> Accepted:
    id_ = new_id()
    receipt = intake.Receipt("cv-submission", webhook_id, b"{}", id_, {"id": str(id_)}, f"/candidates/{id_}", {})
    return await intake.take(database, receipt, candidates.make(**TEXTS), target=f"hiring-{id_}")


async def test_a_webhook_makes_a_candidate_and_starts_the_process(database: Database) -> None:
    made = (await take(database)).entity_id
    assert not (await take(database)).fresh
    async with database.session() as session:
        row = await candidates.get(session, made)
        assert row is not None
        assert {name: getattr(row, name) for name in TEXTS} == TEXTS | {"cv_text": "A CV\ufffd"}
        assert (row.status, row.result) == ("received", None)
        (entry,) = await outbox.list_waiting(session, f"hiring-{made}")
        assert (entry.kind, entry.entity_type, entry.entity_id) == ("start", "candidate", made)
        assert len((await candidates.list_page(session)).items) == 1


@pytest.mark.slow
async def test_a_step_back_takes_candidates_away_and_nothing_else(kind: str, tmp_path: Path) -> None:
    async with testing.migrated_database(kind, tmp_path) as url:
        settings = testing.settings_for(url)
        database = Database(settings)
        made = (await take(database)).entity_id
        async with database.session() as session:
            await calls.record(session, candidate_id=made, call_sid="CA1", status="completed")
            await effects.begin(session, "mail-1", "mail", "candidate", made)
            other = await submissions.create(session, form="f", email="e", text="t")
            await effects.begin(session, "mail-2", "mail", "submission", other.id)
            await timeline.add(session, "submission", other.id, "received")

        await migrate.downgrade(settings, "0001")
        async with database.session() as session:
            assert not await entities.erase(session, made)
            assert await effects.get(session, "mail-1") is None
            assert await outbox.list_waiting(session, f"hiring-{made}") == []
            assert await timeline.list_for(session, made) == []
            assert await entities.exists(session, "submission", other.id)
            assert await effects.get(session, "mail-2") is not None
            assert len(await timeline.list_for(session, other.id)) == 1

        await migrate.upgrade(settings)
        late = await take(database)
        assert (late.fresh, late.entity_id) == (False, made), "the receipts stay: a late copy brings nobody back"
        async with database.session() as session:
            assert (await candidates.list_page(session)).items == []
        assert (await take(database, "msg_2")).fresh
        assert await migrate.faults(database) == []
        await database.dispose()
