"""What the doctor finds of Temporal, on the real server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from temporalio.worker import Worker

from tools.checking import Finding
from workflows.temporal import doctor
from workflows.temporal.outbox_sweep import OutboxSweep
from workflows.temporal.setup import prepare
from workflows.temporal.tests.servers import DevServer, dev_server, free_port, needs_server, settings_for

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
SETTINGS = settings_for(temporal_task_queue="doctored")
NAMES = ("ADDRESS", "NAMESPACE", "API_KEY", "TLS", "PROFILE", "CONFIG_FILE")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the developer's own."""
    for name in NAMES:
        monkeypatch.delenv(f"TEMPORAL_{name}", raising=False)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(tmp_path / "none.toml"))
    (tmp_path / "none.toml").write_text("")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    with dev_server(tmp_path_factory.mktemp("server")) as server:
        yield server


async def looked() -> dict[str, Finding]:
    """What the doctor finds, by name."""
    findings = await doctor.check(SETTINGS)
    for finding in findings:
        assert finding.ok or finding.remedy
        assert "\n" not in finding.detail
        assert finding.detail.endswith(".")
    return {finding.name: finding for finding in findings}


@asynccontextmanager
async def worker(server: DevServer) -> AsyncIterator[None]:
    client = await server.client()
    async with Worker(client, task_queue=SETTINGS.temporal_task_queue, workflows=[OutboxSweep]):
        yield


def test_the_state_looks_at_settings_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.invalid:7233")
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "mine")
    state = doctor.state(SETTINGS)
    assert (state.kind, state.detail) == (
        "configured",
        "Processes run on Temporal at temporal.invalid:7233, namespace mine.",
    )
    monkeypatch.setenv("TEMPORAL_ADDRESS", "http://here")
    state = doctor.state(SETTINGS)
    assert state.kind == "broken"
    assert state.detail.startswith("TEMPORAL_ADDRESS is wrong: it must be HOST:PORT")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "here:7233")
    assert doctor.state(settings_for(temporal_codec_keys="s3cret")).kind == "broken"


@pytest.mark.server
@needs_server
async def test_a_new_server_lacks_what_the_project_needs_until_it_is_there(
    server: DevServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", server.address)
    found = await looked()
    assert {name: finding.ok for name, finding in found.items()} == {
        "server": True,
        "namespace": True,
        "search attribute": False,
        "workers": False,
    }
    assert found["search attribute"].remedy == "Add it: python -m workflows.temporal setup"
    assert found["workers"].remedy == "Start one: python -m workflows.temporal worker"
    await prepare(await server.client(), SETTINGS)
    async with worker(server):
        found = await looked()
    assert all(finding.ok for finding in found.values()), found
    assert found["workers"].detail == "One worker listens on the task queue doctored."
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "no-such")
    found = await looked()
    assert {name: finding.ok for name, finding in found.items()} == {"server": True, "namespace": False}
    assert "temporal operator namespace create -n no-such" in found["namespace"].remedy


@pytest.mark.server
@needs_server
async def test_tls_where_the_server_speaks_none(server: DevServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", server.address)
    monkeypatch.setenv("TEMPORAL_TLS", "true")
    (finding,) = (await looked()).values()
    assert "does not speak TLS" in finding.detail


async def test_a_dead_host(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("TEMPORAL_ADDRESS", address)
    (finding,) = (await looked()).values()
    assert finding.detail.startswith(f"Temporal at {address} refuses the connection")
    assert "make dev" in finding.remedy
    # Standard output is for the findings, and for them alone with --json.
    assert capfd.readouterr().out == ""
