"""What is asked again and again is answered from an index, on tables with many finished rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint, event, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.entities import metadata
from db.repositories import effects, entities, inbox, outbox, submissions, timeline
from db.session import Database
from db.types import new_id

pytestmark = pytest.mark.anyio

ROWS = 4000
ENTITY = new_id()

FILL = {
    "sqlite": """WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows}) {insert}
                 SELECT {values} FROM numbers""",
    "postgresql": "{insert} SELECT {values} FROM generate_series(1, {rows}) AS numbers(n)",
}
ID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}
NOW = {"sqlite": "datetime('now') || '.000000'", "postgresql": "now()"}


async def fill(database: Database, kind: str) -> None:
    """Give each table ROWS finished rows, many of them of one entity."""
    row_id, now = ID[kind], NOW[kind]
    entity = f"'{ENTITY.hex}'" if kind == "sqlite" else f"'{ENTITY}'::uuid"
    id_or_entity = f"CASE WHEN n = 1 THEN {entity} ELSE {row_id} END"
    tables = {
        "entities (id, type)": f"{id_or_entity}, 'submission'",
        "outbox (id, kind, target, position, payload, entity_type, entity_id, dedupe_key, status, attempts,"
        " created_at, delivered_at)": (
            f"{row_id}, 'signal', 't' || (n % 500), n, '{{}}', 'submission', {entity}, 'k' || n, 'delivered', 1,"
            f" {now}, {now}"
        ),
        "webhook_inbox (id, source, webhook_id, body_digest, status_code, answer, entity_type, entity_id,"
        " received_at)": f"{row_id}, 's', 'w' || n, '{'0' * 64}', 202, '{{}}', 'submission', {entity}, {now}",
    }
    of_each = {
        "submissions (id, form, email, text, status, result, attempts, created_at, updated_at)": (
            f"id, 'f', 'e', 't', 'complete', '{{}}', 1, {now}, {now}"
        ),
        "timeline (id, entity_type, entity_id, at, event)": f"{row_id}, 'submission', id, {now}, 'received'",
        "effects (key, kind, entity_type, entity_id, status, created_at, updated_at)": (
            f"'mail-' || id, 'mail', 'submission', id, 'done', {now}, {now}"
        ),
    }
    async with database.session() as session:
        for table, values in tables.items():
            insert = f"INSERT INTO {table}"
            await session.execute(text(FILL[kind].format(insert=insert, values=values, rows=ROWS)))
        for table, values in of_each.items():
            await session.execute(text(f"INSERT INTO {table} SELECT {values} FROM entities"))
        await session.execute(text("ANALYZE"))


async def lease_submissions(session: AsyncSession) -> object:
    return await submissions.lease_batch(session, "me", 4, 60)


async def lease_outbox(session: AsyncSession) -> object:
    return await outbox.lease_batch(session, "me", 50, 60)


async def depth(session: AsyncSession) -> object:
    return await outbox.depth_and_age(session)


async def parked(session: AsyncSession) -> object:
    return await outbox.list_parked(session)


async def events(session: AsyncSession) -> object:
    return await timeline.list_for(session, ENTITY)


async def done(session: AsyncSession) -> object:
    return await effects.done(session, "mail", ENTITY)


async def erase(session: AsyncSession) -> object:
    return await entities.erase(session, ENTITY)


async def page(session: AsyncSession) -> object:
    return await submissions.list_page(session, status="pending")


async def known(session: AsyncSession) -> object:
    return await submissions.get(session, ENTITY)


async def add(session: AsyncSession) -> object:
    return await outbox.add(
        session, kind="signal", target="t1", payload={}, entity_type="submission", entity_id=ENTITY, dedupe_key="new"
    )


async def accept(session: AsyncSession) -> None:
    """Look a webhook up that came before; with another body, as no row has the digest of any."""
    with suppress(inbox.BodyMismatchError):
        await inbox.accept(
            session, source="s", webhook_id="w1", body=b"", entity_type="submission", entity_id=ENTITY, answer={}
        )


QUESTIONS: dict[str, tuple[Callable[[AsyncSession], Awaitable[object]], str]] = {
    "due submissions": (lease_submissions, "ix_submissions_due"),
    "due entries": (lease_outbox, "ix_outbox_due"),
    "depth": (depth, "ix_outbox_due"),
    "parked": (parked, "ix_outbox_parked"),
    "timeline": (events, "ix_timeline_entity_id"),
    "what was done": (done, "ix_effects_entity_id"),
    "page": (page, "ix_submissions_status_id"),
    "submission": (known, "pk_submissions|sqlite_autoindex_submissions_1"),
    "webhook": (accept, "uq_webhook_inbox_source_webhook_id|sqlite_autoindex_webhook_inbox"),
    "next position": (add, "uq_outbox_target_position|sqlite_autoindex_outbox"),
    # The last, since it happens.
    "erasure": (erase, "pk_entities|sqlite_autoindex_entities_1"),
}


async def test_what_is_polled_has_an_index(database: Database, kind: str) -> None:
    await fill(database, kind)
    asked: list[tuple[str, Any]] = []

    def note(_conn: object, _cursor: object, statement: str, parameters: Any, _ctx: object, _many: bool) -> None:
        asked.append((statement, parameters))

    explain = "EXPLAIN QUERY PLAN " if kind == "sqlite" else "EXPLAIN "
    for name, (question, index) in QUESTIONS.items():
        asked.clear()
        async with database.session() as session:
            event.listen(database.engine.sync_engine, "before_cursor_execute", note)
            await question(session)
            event.remove(database.engine.sync_engine, "before_cursor_execute", note)
            connection = await session.connection()
            statements = [(sql, values) for sql, values in asked if not sql.startswith("BEGIN")]
            assert statements, name
            plans = []
            for sql, values in statements:
                rows = await connection.exec_driver_sql(explain + sql, values)
                plans.append("\n".join(str(row[-1]) for row in rows))
        plan = "\n".join(plans)
        assert any(word in plan for word in index.split("|")), f"{name}:\n{plan}"
        whole = [line for line in plan.splitlines() if is_whole_table(line)]
        assert not whole, f"{name}:\n{plan}"


def is_whole_table(line: str) -> bool:
    """Whether a line of a plan reads a table from end to end (a CTE or a few leased rows are no table)."""
    tables = ("entities", "submissions", "outbox", "effects", "timeline", "webhook_inbox")
    sqlite = line.startswith("SCAN ") and "USING" not in line and line.split()[1] in tables
    return sqlite or any(f"Seq Scan on {table}" in line for table in tables)


def test_what_goes_along_with_an_entity_is_found_by_an_index() -> None:
    """No plan shows what a database deletes by itself, but without an index it reads the whole table for each row."""
    for table in metadata().sorted_tables:
        first = {index.columns[0].name for index in table.indexes}
        first |= {
            rule.columns[0].name
            for rule in table.constraints
            if isinstance(rule, (PrimaryKeyConstraint, UniqueConstraint))
        }
        assert {key.parent.name for key in table.foreign_keys} <= first, table.name
