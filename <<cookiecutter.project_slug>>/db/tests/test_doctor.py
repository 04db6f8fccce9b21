"""What the doctor finds of the database, which it leaves as it is."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from db import doctor, migrate, testing
from db.entities import metadata
from db.session import Database
from db.tests.test_session import silent_server
from settings import Settings
from tools.checking import Finding

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


def sound(findings: list[Finding]) -> list[Finding]:
    """Findings in plain sentences, without the password."""
    for finding in findings:
        for said in (finding.detail, finding.remedy or "."):
            assert "\n" not in said
            assert "s3cret" not in said
        assert finding.detail.endswith(".")
        assert finding.ok or finding.remedy
    return findings


async def only(settings: Settings) -> Finding:
    (finding,) = sound(await doctor.check(settings))
    return finding


def test_the_state_names_the_database_and_no_password() -> None:
    state = doctor.state(testing.settings_for("postgresql://me:s3cret@db.example/app"))
    assert (state.kind, state.detail) == ("configured", "State is kept in PostgreSQL, db.example:5432/app.")
    assert "app.db" in doctor.state(testing.settings_for("sqlite:///app.db")).detail


async def test_a_database_that_is_well(settings: Settings) -> None:
    connection, schema = sound(await doctor.check(settings))
    assert (connection.ok, schema.ok) == (True, True)
    assert " answers in " in connection.detail
    assert schema.detail == f"The schema is the newest, {migrate.newest()}, and as the models say."


async def test_a_schema_that_is_behind(kind: str, tmp_path: Path) -> None:
    async with testing.empty_database(kind, tmp_path) as url:
        developing, production = testing.settings_for(url), testing.settings_for(url, environment="production")
        said = sound(await doctor.check(developing))[-1]
        assert (said.name, said.ok) == ("schema", True)
        assert "the next process that starts brings it up to date" in said.detail
        said = sound(await doctor.check(production))[-1]
        assert (said.ok, said.remedy) == (False, "Bring it up to date: python -m db migrate")
        # To look makes nothing.
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "of a newer release"),
        ("DROP INDEX {index}", "differs from the models"),
    ],
)
async def test_a_schema_that_is_not_ours(kind: str, tmp_path: Path, change: str, words: str) -> None:
    async with testing.migrated_database(kind, tmp_path) as url:
        settings = testing.settings_for(url)
        database = Database(settings)
        table = metadata().tables["outbox"]
        index = sorted(str(index.name) for index in table.indexes if not index.unique)[0]
        async with database.session() as session:
            await session.execute(text(change.format(index=index)))
        await database.dispose()
        _, schema = sound(await doctor.check(settings))
        assert not schema.ok
        assert words in schema.detail


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "app.db").write_text("not a database" * 1000)
    finding = await only(testing.settings_for(f"sqlite:///{tmp_path}/app.db"))
    assert (finding.ok, finding.detail) == (False, "SQLite cannot work with its file: file is not a database.")


@asynccontextmanager
async def refusing_server(state: str) -> AsyncIterator[int]:
    """Answers as PostgreSQL does: no TLS, and every user refused for one reason, by its SQLSTATE."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length, code = struct.unpack("!II", await reader.readexactly(8))
        if code == 80877103:  # SSLRequest
            writer.write(b"N")
            if len(head := await reader.read(8)) < 8:
                return  # who insists on TLS leaves
            length, _ = struct.unpack("!II", head)
        await reader.readexactly(length - 8)
        fields = f"SFATAL\0VFATAL\0C{state}\0Mrefused for s3cret\0\0".encode()
        writer.write(b"E" + struct.pack("!I", len(fields) + 4) + fields)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.mark.parametrize(
    ("state", "query", "words", "remedy"),
    [
        ("28P01", "", "refuses the user or the password", "right user and password"),
        ("28000", "", "does not let this user in", "Correct the user in DATABASE_URL"),
        ("3D000", "", "has no such database", "python -m db migrate"),
        ("53300", "", "has no connection left", "DATABASE_POOL_SIZE"),
        ("28P01", "?ssl=require", "no trusted TLS", "?ssl="),
    ],
)
async def test_a_refusal_is_one_sentence_with_its_remedy(state: str, query: str, words: str, remedy: str) -> None:
    async with refusing_server(state) as port:
        finding = await only(testing.settings_for(f"postgresql://me:s3cret@127.0.0.1:{port}/app{query}"))
    assert not finding.ok
    assert words in finding.detail
    assert remedy in finding.remedy


async def test_a_dead_host_and_a_silent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_LIMIT_SECONDS", 0.3)
    async with silent_server() as port:
        url = f"postgresql://me:s3cret@127.0.0.1:{port}/app"
        assert "did not answer in time" in (await only(testing.settings_for(url))).detail
    finding = await only(testing.settings_for(url))
    assert (finding.ok, finding.detail) == (False, "PostgreSQL cannot be reached.")


async def test_a_real_server_refuses_as_this_one_does(kind: str) -> None:
    """On PostgreSQL only; SQLite knows neither users nor databases by name, so there a missing file is looked at."""
    if kind == "sqlite":
        assert (await only(testing.settings_for("sqlite:////no/such/folder/app.db"))).name == "schema"
        return
    server = make_url(str(testing.server_url()))
    for change, words in (({"database": "no-such"}, "no such database"), ({"username": "no-such"}, "user")):
        url = server.set(**change).render_as_string(hide_password=False)  # type: ignore[arg-type]
        assert words in (await only(testing.settings_for(url))).detail
