"""What holds of entities of any type, shown with submissions."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from sqlalchemy import func, inspect, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from db.base import Base, Entity, EntityRow
from db.entities import entity_type, entity_types, metadata, type_of
from db.entities.submission import Submission
from db.models import Effect, OutboxEntry, TimelineEvent, WebhookReceipt
from db.repositories import effects, entities, inbox, outbox, submissions, timeline
from db.session import Database
from db.types import new_id

pytestmark = pytest.mark.anyio


async def get(database: Database, entity_id: uuid.UUID) -> Submission:
    async with database.session(read_only=True) as session:
        found = await submissions.get(session, entity_id)
    assert found is not None
    return found


async def complete(database: Database) -> None:
    """Complete the one submission."""
    async with database.session() as session:
        (lease,) = await submissions.lease_batch(session, "me", 1, 60)
        assert await submissions.complete(session, lease, {"score": 7})


async def count(database: Database, model: type[Base]) -> int:
    async with database.session(read_only=True) as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


def test_every_type_has_a_table_of_its_own_that_hangs_on_the_entities() -> None:
    kinds = entity_types()
    assert kinds["submission"].model is Submission
    assert len({kind.plural for kind in kinds.values()}) == len(kinds)
    for name, kind in kinds.items():
        assert entity_type(name) is type_of(kind.model) is kind
        table: Any = inspect(kind.model).local_table
        (key,) = table.c.id.foreign_keys
        assert (key.target_fullname, key.ondelete, key.initially) == ("entities.id", "CASCADE", "DEFERRED")
        assert {*kind.final} < {word.strip("'") for word in _statuses(table)}
        assert {kind.label, kind.group} - {None} <= {*table.c.keys()}
        assert f"ix_{table.name}_status_id" in {index.name for index in table.indexes}
        assert len(name) <= Entity.type.type.length


def _statuses(table: Any) -> list[str]:
    """Return the words that the status may be, from the rule."""
    (rule,) = (rule for rule in table.constraints if rule.name == f"ck_{table.name}_status")
    words = str(rule.sqltext).partition("(")[2].removesuffix(")")
    return words.split(", ")


def test_what_is_no_type_is_not_found() -> None:
    with pytest.raises(KeyError):
        entity_type("nonsense")
    with pytest.raises(KeyError):
        type_of(EntityRow)


async def test_an_entity_is_known_by_its_type_and_id(database: Database, entity_id: uuid.UUID) -> None:
    async with database.session(read_only=True) as session:
        assert await entities.exists(session, "submission", entity_id)
        assert await entities.status_of(session, "submission", entity_id) == "pending"
        assert await session.scalar(select(Entity.type).where(Entity.id == entity_id)) == "submission"
        assert not await entities.exists(session, "submission", new_id())
        assert await entities.status_of(session, "submission", new_id()) is None


async def test_an_id_belongs_to_one_entity(database: Database, entity_id: uuid.UUID) -> None:
    with pytest.raises(IntegrityError):
        async with database.session() as session:
            await submissions.create(session, id=entity_id, form="f", email="e", text="another")
    assert (await get(database, entity_id)).text == "t"


async def test_a_row_without_an_id_gets_one(database: Database) -> None:
    row = submissions.make(form="f", email="e", text="t")
    row.id = None
    async with database.session() as session:
        await entities.add(session, row)
    assert (await get(database, row.id)).id.version == 7


async def test_a_final_status_stays(database: Database, entity_id: uuid.UUID) -> None:
    async def set_status(status: str, result: dict[str, int] | None = None) -> bool:
        async with database.session() as session:
            return await entities.set_status(session, "submission", entity_id, status, result=result)

    assert await set_status("pending", {"score": 1})
    await complete(database)
    for late in ("pending", "running", "failed"):
        assert not await set_status(late, {"score": 0})
    assert await set_status("complete")
    found = await get(database, entity_id)
    assert (found.status, found.result) == ("complete", {"score": 7})
    assert await set_status("complete", {"score": 8}), "a repeated call is harmless"
    found = await get(database, entity_id)
    assert (found.status, found.result) == ("complete", {"score": 8})
    assert found.updated_at > found.created_at


async def test_a_status_of_nobody_and_no_status_at_all(database: Database, entity_id: uuid.UUID) -> None:
    with pytest.raises(IntegrityError):
        async with database.session() as session:
            await entities.set_status(session, "submission", entity_id, "nonsense")
    async with database.session() as session:
        assert not await entities.set_status(session, "submission", new_id(), "pending")


async def test_a_page_is_filtered_and_leaves_out_what_is_long(database: Database, entity_id: uuid.UUID) -> None:
    await complete(database)
    async with database.session() as session:
        waiting = await submissions.create(session, form="other", email="e", text="t")
    async with database.session(read_only=True) as session:
        by_status = (await entities.list_page(session, Submission, status="complete")).items
        wanted = [Submission.form == "other"]
        by_form = (await entities.list_page(session, Submission, where=wanted, without=[Submission.text])).items
    assert [row.id for row in by_status] == [entity_id]
    assert [row.id for row in by_form] == [waiting.id]
    assert by_status[0].text == "t"
    with pytest.raises(SQLAlchemyError):
        _ = by_form[0].text


async def test_parts_of_a_result_do_not_overwrite_each_other(database: Database, entity_id: uuid.UUID) -> None:
    async def set_part(name: str, value: Any) -> bool:
        async with database.session() as session:
            return await entities.set_result_part(session, "submission", entity_id, name, value)

    names = [f"part {number}" for number in range(12)]
    assert await asyncio.gather(*(set_part(name, {"n": name, "text": "é\x00"}) for name in names)) == [True] * 12
    found = await get(database, entity_id)
    assert found.result is not None
    assert sorted(found.result) == sorted(names)
    assert found.result["part 3"] == {"n": "part 3", "text": "é\ufffd"}
    assert found.updated_at > found.created_at
    await set_part("part 3", None)
    found = await get(database, entity_id)
    assert found.result is not None
    assert found.result["part 3"] is None


async def test_a_part_set_in_a_session_that_holds_the_row_is_seen_there(
    database: Database, entity_id: uuid.UUID
) -> None:
    async with database.session() as session:
        held = await submissions.get(session, entity_id)
        assert held is not None
        await entities.set_status(session, "submission", entity_id, "pending", result={"a": 1})
        assert await entities.set_result_part(session, "submission", entity_id, "b", 2)
        assert held.result == {"a": 1, "b": 2}
        assert not await entities.set_result_part(session, "submission", new_id(), "b", 2)


async def test_a_row_of_an_unknown_entity_is_refused_at_the_commit(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.session() as session:
            await timeline.add(session, "submission", new_id(), "received")
    later = new_id()
    async with database.session() as session:
        await timeline.add(session, "submission", later, "received")
        await session.flush()
        await submissions.create(session, id=later, form="f", email="e", text="t")
    async with database.session(read_only=True) as session:
        assert [row.event for row in await timeline.list_for(session, later)] == ["received"]


async def keep_something(database: Database, entity_id: uuid.UUID) -> None:
    """Write whatever can be kept about an entity, and the receipt of its webhook."""
    kind = "submission"
    async with database.session() as session:
        await inbox.accept(
            session,
            source="submit",
            webhook_id=f"msg_{entity_id}",
            body=b"{}",
            entity_type=kind,
            entity_id=entity_id,
            answer={"id": str(entity_id)},
        )
        await timeline.add(session, kind, entity_id, "received")
        assert await timeline.add_once(session, kind, entity_id, "analysed", key="run-1")
        await effects.begin(session, f"mail-{entity_id}", "mail", kind, entity_id)
        await outbox.add(
            session,
            kind="start",
            target=f"process-{entity_id}",
            payload={},
            entity_type=kind,
            entity_id=entity_id,
            dedupe_key=f"process-{entity_id}",
        )


async def test_what_is_erased_is_gone_with_all_that_was_kept_about_it(database: Database, entity_id: uuid.UUID) -> None:
    async with database.session() as session:
        other = (await submissions.create(session, form="f", email="e", text="t")).id
        await effects.begin(session, "report-mail", "mail", None, None)
    for each in (entity_id, other):
        await keep_something(database, each)
    kept = {Entity: 2, Submission: 2, TimelineEvent: 4, OutboxEntry: 2, Effect: 3, WebhookReceipt: 2}
    assert {model: await count(database, model) for model in kept} == kept

    async with database.session() as session:
        assert await entities.erase(session, entity_id)
    left = {Entity: 1, Submission: 1, TimelineEvent: 2, OutboxEntry: 1, Effect: 2, WebhookReceipt: 2}
    assert {model: await count(database, model) for model in left} == left
    async with database.session() as session:
        assert [row.entity_id for row in await timeline.list_for(session, other)] == [other, other]
        assert not await entities.erase(session, entity_id)
        assert not await entities.erase(session, new_id())


async def test_a_late_copy_of_its_message_brings_nobody_back(database: Database, entity_id: uuid.UUID) -> None:
    await keep_something(database, entity_id)
    async with database.session() as session:
        await entities.erase(session, entity_id)
    async with database.session() as session:
        late = await inbox.accept(
            session,
            source="submit",
            webhook_id=f"msg_{entity_id}",
            body=b"{}",
            entity_type="submission",
            entity_id=new_id(),
            answer={},
        )
    assert (late.fresh, late.entity_id, late.answer) == (False, entity_id, {"id": str(entity_id)})
    assert await count(database, Entity) == 0


def test_whatever_belongs_to_an_entity_goes_with_it() -> None:
    """A table with an `entity_id` hangs on the entities, but for the receipts, which outlive them."""
    keys = {table.name: table.c.entity_id.foreign_keys for table in metadata().sorted_tables if "entity_id" in table.c}
    assert {"timeline", "outbox", "effects", "webhook_inbox"} <= keys.keys()
    for name, key in keys.items():
        assert {one.ondelete for one in key} == (set() if name == "webhook_inbox" else {"CASCADE"}), name
