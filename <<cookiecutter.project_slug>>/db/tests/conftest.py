from __future__ import annotations

import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from db import testing
from db.repositories import submissions
from db.session import Database
from db.testing import Actors
from db.tests.actor import play
from settings import ROOT, Settings, get_settings


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
async def database_urls(
    anyio_backend: str,  # noqa: ARG001 - the backend that this fixture runs on
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[dict[str, str]]:
    """One migrated database of each kind, for the whole session."""
    async with AsyncExitStack() as stack:
        yield {
            kind: await stack.enter_async_context(testing.migrated_database(kind, tmp_path_factory.mktemp("db")))
            for kind in testing.kinds()
        }


@pytest.fixture(params=testing.kinds())
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
async def settings(database_urls: dict[str, str], kind: str) -> Settings:
    """Settings of a migrated database without rows."""
    settings = testing.settings_for(database_urls[kind])
    database = Database(settings)
    await testing.empty_tables(database)
    await database.dispose()
    return settings


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings)
    yield database
    await database.dispose()


@pytest.fixture
async def entity_id(database: Database) -> uuid.UUID:
    """The id of an entity that is there; of which type does not matter, so it is a submission."""
    async with database.session() as session:
        return (await submissions.create(session, form="f", email="e", text="t")).id


@pytest.fixture
def actors(settings: Settings) -> Iterator[Actors]:
    actors = Actors(play, settings.database_url)
    yield actors
    actors.end()


@pytest.fixture
def of_this_database(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATABASE_URL", database.settings.database_url)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the workflows alone, so that their runs go to a folder of the test."""
    ignored = shutil.ignore_patterns("runs", "__pycache__")
    shutil.copytree(ROOT / ".raw/workflows", tmp_path / ".raw/workflows", ignore=ignored)
    return tmp_path
