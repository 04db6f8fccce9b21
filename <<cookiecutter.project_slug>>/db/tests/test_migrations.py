from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from db import __main__ as command
from db import migrate, testing
from db.entities import metadata
from db.repositories import effects, entities, inbox, outbox, submissions, timeline
from db.schema import newest_revision
from db.session import Database, make_engine
from db.testing import Actors
from db.tests.actor import play
from settings import ROOT, Settings

pytestmark = pytest.mark.anyio

UNKNOWN = "0190163d-8694-739b-aea5-966c26f8ad91"
CATALOGUE = [
    """SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default,
              generation_expression FROM information_schema.columns WHERE table_schema = 'public'""",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
       WHERE connamespace = 'public'::regnamespace""",
]


@pytest.fixture
async def empty(kind: str, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings of a database without tables."""
    async with testing.empty_database(kind, tmp_path) as url:
        yield testing.settings_for(url)


async def schema(settings: Settings) -> list[str]:
    """Return all that the database knows of its tables, but for the order of columns and Alembic's own table."""
    engine = make_engine(settings, pooled=False)
    async with engine.connect() as connection:
        if settings.uses_sqlite:
            rows = await connection.execute(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
            found = [clause for (sql,) in rows for clause in clauses(sql)]
        else:
            found = [str(tuple(row)) for query in CATALOGUE for row in await connection.execute(text(query))]
    await engine.dispose()
    return sorted(line for line in found if "alembic" not in line)


def clauses(sql: str) -> list[str]:
    """Return what a CREATE statement lists in its brackets, each with the statement's beginning."""
    beginning, _, rest = re.sub(r"\s+", " ", sql).partition("(")
    body, _, end = rest.rpartition(")")
    found, depth = [""], 0
    for sign in body:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            found.append("")
        else:
            found[-1] += sign
    beginning = beginning.strip().replace('"', "")
    return [f"{beginning}: {clause.strip()}{end}" for clause in found]


async def test_the_migrations_make_what_the_models_say(empty: Settings) -> None:
    await migrate.upgrade(empty)
    migrated = await schema(empty)
    await migrate.downgrade(empty, "base")
    engine = make_engine(empty, pooled=False)
    async with engine.begin() as connection:
        await connection.run_sync(metadata().create_all)
    await engine.dispose()
    assert migrated == await schema(empty)
    assert len(migrated) > 100


async def test_up_down_and_up_again(empty: Settings) -> None:
    database = Database(empty)
    needed = f"the code needs {migrate.newest()}: python -m db migrate"
    assert await migrate.faults(database) == [f"it is at revision none, {needed}"]
    assert await migrate.upgrade(empty) == (None, migrate.newest())
    assert await migrate.faults(database) == []
    first = await schema(empty)
    assert await migrate.upgrade(empty) == (migrate.newest(), migrate.newest())
    assert await migrate.downgrade(empty, "base") == (migrate.newest(), None)
    assert await schema(empty) == []
    await migrate.upgrade(empty)
    assert await schema(empty) == first
    assert await migrate.faults(database) == []
    assert await migrate.current(database) == migrate.newest()
    await database.dispose()


async def test_a_database_with_rows_goes_down_and_up_again(empty: Settings) -> None:
    """PostgreSQL drops no table while rules of it wait for the commit, SQLite minds no key while it migrates."""
    await migrate.upgrade(empty)
    database = Database(empty)
    async with database.session() as session:
        row = await submissions.create(session, form="f", email="e", text="t")
        of_it: dict[str, Any] = {"entity_type": "submission", "entity_id": row.id}
        await timeline.add(session, "submission", row.id, "received")
        await effects.begin(session, "mail-1", "mail", **of_it)
        await outbox.add(session, kind="start", target="process-1", payload={}, dedupe_key="process-1", **of_it)
        await inbox.accept(session, source="submit", webhook_id="msg_1", body=b"{}", answer={}, **of_it)
    while (revision := await migrate.current(database)) is not None:
        before, after = await migrate.downgrade(empty, "-1")
        assert before == revision != after
        if after is not None:
            async with database.session(read_only=True) as session:
                assert await entities.exists(session, "submission", row.id)
    assert await schema(empty) == []
    await migrate.upgrade(empty)
    async with database.session(read_only=True) as session:
        assert (await submissions.list_page(session)).items == []
    await database.dispose()


def test_the_revisions_are_one_line_and_named_in_order() -> None:
    """With two heads nobody could migrate; the newest is found by its name where Alembic is not to be imported."""
    script = ScriptDirectory(str(ROOT / "db/migrations"))
    (head,) = script.get_heads()
    (base,) = script.get_bases()
    line = [revision.revision for revision in script.iterate_revisions(head, base, inclusive=True)][::-1]
    assert line == sorted(line) == [f"{number:04}" for number in range(1, len(line) + 1)]
    assert head == migrate.newest() == newest_revision()


async def test_every_constraint_has_a_name(empty: Settings) -> None:
    await migrate.upgrade(empty)
    if empty.uses_sqlite:
        nameless = [line for line in await schema(empty) if re.search(r" (CHECK|UNIQUE|PRIMARY|FOREIGN)\b", line)]
        assert nameless
        assert all(": CONSTRAINT " in line or line.startswith("CREATE UNIQUE") for line in nameless)
    for table in metadata().sorted_tables:
        assert all(constraint.name for constraint in table.constraints), table.name


async def test_a_difference_is_told(empty: Settings) -> None:
    await migrate.upgrade(empty)
    engine = make_engine(empty, pooled=False)
    async with engine.begin() as connection:
        await connection.execute(text("DROP INDEX ix_outbox_due"))
    await engine.dispose()
    database = Database(empty)
    (fault,) = await migrate.faults(database)
    assert "ix_outbox_due" in fault
    await database.dispose()


async def test_a_step_that_fails_leaves_nothing_behind(empty: Settings) -> None:
    engine = make_engine(empty, pooled=False)
    async with engine.begin() as connection:
        # The name of the table that the first revision makes last is taken.
        await connection.execute(text("CREATE TABLE webhook_inbox (id INTEGER)"))
    await engine.dispose()
    before = await schema(empty)
    with pytest.raises(Exception, match="webhook_inbox"):
        await migrate.upgrade(empty)
    assert await schema(empty) == before


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_copied_table_loses_nothing(empty: Settings) -> None:
    """SQLite changes most of a table by copying it; neither rules nor rows may be lost on the way."""
    await migrate.upgrade(empty)
    before = await schema(empty)
    database = Database(empty)
    async with database.session() as session:
        row = await submissions.create(session, form="f", email="e", text="t")
        await timeline.add(session, "submission", row.id, "received")

    def copy_each(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)) as op:
            for table in metadata().sorted_tables:
                with op.batch_alter_table(table.name, recreate="always"):
                    pass

    def change(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)) as op:
            with op.batch_alter_table("effects") as step:
                step.drop_constraint("ck_effects_status", type_="check")
            with op.batch_alter_table("outbox") as step:
                step.drop_column("last_error")
                step.drop_constraint("ck_outbox_attempts", type_="check")
                step.drop_column("attempts")

    engine = make_engine(empty, pooled=False, foreign_keys=False)
    async with engine.begin() as connection:
        await connection.run_sync(copy_each)
    assert await schema(empty) == before
    async with database.session(read_only=True) as session:
        assert [event.event for event in await timeline.list_for(session, row.id)] == ["received"]
    async with engine.begin() as connection:
        await connection.run_sync(change)
    gone = sorted(set(before) - set(await schema(empty)))
    assert [re.sub(r".*: (CONSTRAINT )?", "", line).split()[0] for line in gone] == [
        "ck_effects_status",
        "ck_outbox_attempts",
        "attempts",
        "last_error",
    ]
    await engine.dispose()
    await database.dispose()


async def test_processes_that_migrate_at_once_do_it_once(empty: Settings) -> None:
    actors = Actors(play, empty.database_url)
    try:
        for _ in range(3):
            actors.add("upgrade")
        results = await asyncio.to_thread(actors.results)
    finally:
        actors.end()
    newest = migrate.newest()
    assert sorted(results) == sorted([[f"{newest} {newest}"], [f"{newest} {newest}"], [f"None {newest}"]])
    database = Database(empty)
    assert await migrate.faults(database) == []
    await database.dispose()


async def test_the_command(empty: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    async def run(*words: str) -> tuple[int, str, str]:
        code = await command.run(command.make_parser().parse_args(words), empty)
        return (code, *capsys.readouterr())

    head = migrate.newest()
    assert await run("check") == (
        1,
        f"Wrong: it is at revision none, the code needs {head}: python -m db migrate\n",
        "",
    )
    assert await run("migrate") == (0, f"Migrated: empty -> {head}.\n", "")
    assert await run("migrate") == (0, f"The schema is up to date ({head}).\n", "")
    assert await run("check") == (0, "The schema is what the code needs.\n", "")
    assert await run("outbox", "parked") == (0, "No entry is parked.\n", "")
    assert await run("outbox", "requeue", UNKNOWN) == (1, "", f"No parked entry {UNKNOWN}.\n")
    assert await run("downgrade", "base") == (0, f"Downgraded: {head} -> empty.\n", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "words", "code", "sentence"),
    [
        ("postgresql://me:hunter2@127.0.0.1:1/app", ["check"], 1, "The database is not available: no connection"),
        ("sqlite:///{folder}/app.db", ["migrate", "77"], 2, "Can't locate revision identified by '77'."),
        ("mysql://me:hunter2@db/app", ["migrate"], 2, "DATABASE_URL is wrong: must start with sqlite+aiosqlite:///"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, url: str, words: list[str], code: int, sentence: str) -> None:
    env = {**os.environ, "DATABASE_URL": url.format(folder=tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "db", *words], env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(sentence)
    assert len(done.stderr.splitlines()) == 1
    assert "hunter2" not in done.stderr
