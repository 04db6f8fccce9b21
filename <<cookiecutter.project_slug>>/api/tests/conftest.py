from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from api.settings import ApiSettings
from api.tests.servers import TestServer, free_port
from api.tests.support import KEY, OLD_SECRET, SECRET, TWILIO_TOKEN, Client, Running, running
from db import testing
from db.session import Database


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
            kind: await stack.enter_async_context(testing.migrated_database(kind, tmp_path_factory.mktemp("api")))
            for kind in testing.kinds()
        }


@pytest.fixture(params=testing.kinds())
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def settings_of(url: str, **changes: Any) -> ApiSettings:
    given: dict[str, Any] = {
        "webhook_secrets": (SECRET, OLD_SECRET),
        "api_keys": (KEY,),
        "twilio_auth_token": TWILIO_TOKEN,
        "poll_seconds": 0.2,
        "backoff_seconds": 0.01,
        "backoff_max_seconds": 0.05,
        "shutdown_seconds": 2,
        **changes,
    }
    return testing.settings_of_kind(ApiSettings, url, **given)


@pytest.fixture
async def settings(database_urls: dict[str, str], kind: str) -> ApiSettings:
    """ApiSettings of a migrated database without rows."""
    settings = settings_of(database_urls[kind])
    database = Database(settings)
    await testing.empty_tables(database)
    await database.dispose()
    return settings


@pytest.fixture(scope="session")
async def shared_apis(
    anyio_backend: str,  # noqa: ARG001 - the backend that this fixture runs on
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[dict[str, Running]]:
    """One application for each kind of database, on a database of its own: a new one compiles every statement anew."""
    async with AsyncExitStack() as stack:
        apis = {}
        for kind in testing.kinds():
            folder = tmp_path_factory.mktemp("shared")
            url = await stack.enter_async_context(testing.migrated_database(kind, folder))
            apis[kind] = await stack.enter_async_context(running(settings_of(url)))
        yield apis


@pytest.fixture
async def api(shared_apis: dict[str, Running], kind: str) -> Running:
    """The application without any rows."""
    await testing.empty_tables(shared_apis[kind].context.database)
    return shared_apis[kind]


@pytest.fixture
def client(api: Running) -> Client:
    return api.client


@pytest.fixture
def temporal_port(monkeypatch: pytest.MonkeyPatch) -> int:
    """Where Temporal is, once it is started."""
    port = free_port()
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{port}")
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "default")
    return port


@pytest.fixture
async def temporal_server(temporal_port: int) -> AsyncIterator[TestServer]:
    """Temporal's test server, not started yet."""
    server = TestServer(temporal_port)
    yield server
    await server.kill()
