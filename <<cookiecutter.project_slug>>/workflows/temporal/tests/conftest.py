from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from db import testing
from workflows.temporal.tests.acting import Stage, staged
from workflows.temporal.tests.parcels import known_parcels
from workflows.temporal.tests.rehearsal import time_skipping


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    """A server of the test's own: time is the server's, and two tests must not push each other's."""
    async with time_skipping() as environment:
        yield environment


@pytest.fixture(scope="session", params=testing.kinds())
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One migrated database of each kind, for the whole session."""
    database = testing.migrated_database(request.param, tmp_path_factory.mktemp("acts"))
    with asyncio.Runner() as runner:
        yield runner.run(database.__aenter__())
        runner.run(database.__aexit__(None, None, None))


@pytest.fixture
def parcels() -> Iterator[None]:
    """The system knows parcels and their process."""
    with known_parcels():
        yield


@pytest.fixture
async def stage(parcels: None, database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:  # noqa: ARG001 - the stage's
    """A parcel in an otherwise empty database, and folders for what the tools write."""
    async with staged(Stage, database_url, tmp_path) as stage:
        yield stage
