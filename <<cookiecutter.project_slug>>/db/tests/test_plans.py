"""What is asked again and again is answered from an index, on tables with many finished rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.repositories import api_keys, candidates, inbox, outbox, submissions, timeline
from db.session import Database
from db.types import new_id

pytestmark = pytest.mark.anyio

ROWS = 4000
CANDIDATE = new_id()

FILL = {
    "sqlite": """WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows}) {insert}
                 SELECT {values} FROM numbers""",
    "postgresql": "{insert} SELECT {values} FROM generate_series(1, {rows}) AS numbers(n)",
}
ID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}
NOW = {"sqlite": "datetime('now') || '.000000'", "postgresql": "now()"}


async def fill(database: Database, kind: str) -> None:
    """Give each table ROWS finished rows, some of them of one candidate."""
    row_id, now = ID[kind], NOW[kind]
    candidate = f"'{CANDIDATE.hex}'" if kind == "sqlite" else f"'{CANDIDATE}'::uuid"
    tables = {
        "submissions (id, form, email, text, status, result, attempts, created_at, updated_at)": (
            f"{row_id}, 'f', 'e', 't', 'complete', '{{}}', 1, {now}, {now}"
        ),
        "candidates (id, name, email, phone, position, cv_text, status, created_at, updated_at)": (
            f"CASE WHEN n = 1 THEN {candidate} ELSE {row_id} END, 'n', 'e', 'p', 'x', 'cv', 'completed', {now}, {now}"
        ),
        "outbox (id, kind, target, position, payload, entity_type, entity_id, dedupe_key, status, attempts,"
        " created_at, delivered_at)": (
            f"{row_id}, 'signal', 't' || (n % 500), n, '{{}}', 'candidate', {candidate}, 'k' || n, 'delivered', 1,"
            f" {now}, {now}"
        ),
        "webhook_inbox (id, source, webhook_id, body_digest, status_code, answer, entity_type, entity_id,"
        " received_at)": f"{row_id}, 's', 'w' || n, '{'0' * 64}', 202, '{{}}', 'candidate', {candidate}, {now}",
    }
    async with database.session() as session:
        for table, values in tables.items():
            insert = f"INSERT INTO {table}"
            await session.execute(text(FILL[kind].format(insert=insert, values=values, rows=ROWS)))
        await session.execute(
            text(
                "INSERT INTO timeline (id, entity_type, entity_id, at, event)"
                f" SELECT {row_id}, 'candidate', id, {now}, 'received' FROM candidates"
            )
        )
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
    return await timeline.list_for(session, "candidate", CANDIDATE)


async def page(session: AsyncSession) -> object:
    return await candidates.list_page(session, status="in_progress")


async def known(session: AsyncSession) -> object:
    return await candidates.get(session, CANDIDATE)


async def key(session: AsyncSession) -> object:
    return await api_keys.verify(session, f"rsk_{CANDIDATE.hex}_x")


async def add(session: AsyncSession) -> object:
    return await outbox.add(
        session, kind="signal", target="t1", payload={}, entity_type="candidate", entity_id=CANDIDATE, dedupe_key="new"
    )


async def accept(session: AsyncSession) -> object:
    return await inbox.accept(
        session, source="s", webhook_id="new", body=b"", entity_type="candidate", entity_id=CANDIDATE, answer={}
    )


QUESTIONS: dict[str, tuple[Callable[[AsyncSession], Awaitable[object]], str]] = {
    "due submissions": (lease_submissions, "ix_submissions_due"),
    "due entries": (lease_outbox, "ix_outbox_due"),
    "depth": (depth, "ix_outbox_due"),
    "parked": (parked, "ix_outbox_parked"),
    "timeline": (events, "ix_timeline_candidate_id"),
    "page": (page, "ix_candidates_status_id"),
    "candidate": (known, "pk_candidates|sqlite_autoindex_candidates_1"),
    "next position": (add, "uq_outbox_target_position|sqlite_autoindex_outbox"),
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
    tables = ("submissions", "outbox", "candidates", "timeline", "webhook_inbox")
    sqlite = line.startswith("SCAN ") and "USING" not in line and line.split()[1] in tables
    return sqlite or any(f"Seq Scan on {table}" in line for table in tables)
