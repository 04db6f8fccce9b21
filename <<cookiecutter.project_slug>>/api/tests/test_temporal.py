"""What the API says of Temporal, which may be away: webhooks are taken all the same."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.main import create_app
from api.settings import ApiSettings
from api.temporal import TemporalWatch
from api.tests.servers import TestServer, free_port, serving
from api.tests.support import BASE, FORM, Client, in_process_runner
from db.delivery import TargetAwayError
from settings import SettingsError

pytestmark = pytest.mark.anyio


async def ready(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/readyz")
    assert answer.status_code == 200, answer.text
    parts: dict[str, Any] = answer.json()["parts"]
    return parts


async def test_a_server_process_starts_with_temporal_away_and_says_so(settings: ApiSettings, tmp_path: Path) -> None:
    nowhere = {"TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}", "BACKOFF_SECONDS": "0.1"}
    async with serving(settings.database_url, tmp_path, **nowhere) as api, httpx.AsyncClient(base_url=api.base) as http:
        answer = await Client(http).send("/webhooks/submit", FORM)
        assert answer.status_code == 202, answer.text
        parts = await ready(http)
        assert parts["temporal"].startswith("Temporal refuses the connection")
        assert "Webhooks are taken all the same" in parts["temporal"]
        assert await api.stop() in (0, -signal.SIGTERM)
    assert "Traceback" not in api.log.read_text()


async def test_with_temporal_there_readyz_says_so(settings: ApiSettings, temporal_server: TestServer) -> None:
    await temporal_server.start()
    app = create_app(settings, runner=in_process_runner())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as http,
    ):
        assert (await ready(http))["temporal"] == "ok"


async def test_a_wrong_configuration_is_one_sentence(settings: ApiSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "http://localhost:7233")
    with pytest.raises(SettingsError, match="TEMPORAL_ADDRESS is wrong"):
        create_app(settings)


async def test_probes_do_not_wait_for_temporal() -> None:
    asked, answers = 0, asyncio.Event()

    async def ping() -> None:
        nonlocal asked
        asked += 1
        await answers.wait()
        raise TargetAwayError("It sleeps")

    watch = TemporalWatch(ping)
    async with asyncio.timeout(2):
        assert await watch.words() == "it has not answered yet"
        assert await watch.words() == "it has not answered yet"
    answers.set()
    await asyncio.sleep(0.01)
    assert (await watch.words()).startswith("It sleeps. Webhooks are taken")
    assert asked == 1, "one question at a time, and an answer is good for a while"
    await watch.stop()
