from __future__ import annotations

import base64
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf.json_format import ParseDict
from pydantic import SecretStr
from temporalio.api.common.v1 import Payloads

from api.main import create_app
from api.routes.codec import ENCRYPTED, PLAIN
from api.settings import ApiSettings
from api.tests.conftest import settings_of
from api.tests.servers import serving
from api.tests.support import KEY, Client, is_problem, running
from db import testing
from settings import DEFAULT_DATABASE_URL, SettingsError, explain
from workflows.temporal.codec import new_key
from workflows.temporal.tests.servers import dev_server, needs_server, worker_process
from workflows.temporal.tests.servers import settings_for as temporal_settings
from workflows.temporal.tests.tiny import Hold, Tiny

pytestmark = pytest.mark.anyio

ORIGIN = "http://localhost:8233"


@pytest.fixture
async def coder(settings: ApiSettings) -> AsyncIterator[Client]:
    """A client of an application that has keys."""
    keyed = settings.model_copy(update={"temporal_codec_keys": (SecretStr(new_key()),)})
    async with running(keyed) as it:
        yield it.client


async def test_encode_and_decode(coder: Client) -> None:
    encoded = await coder.post("/codec/encode", PLAIN, **{"X-Namespace": "default"})
    assert encoded.status_code == 200
    [payload] = encoded.json()["payloads"]
    assert base64.b64decode(payload["metadata"]["encoding"]) == b"binary/encrypted"
    assert "entity" not in encoded.text
    decoded = await coder.post("/codec/decode?preserveStorageRefs=true", encoded.json())
    assert decoded.json() == PLAIN
    assert (await coder.post("/codec/decode", PLAIN)).json() == PLAIN
    assert (await coder.post("/codec/decode", {})).json() == {}


async def test_a_key_with_the_scope_admin_is_needed(coder: Client) -> None:
    is_problem(await coder.http.post("/codec/decode", json=PLAIN), 401)
    is_problem(await coder.post("/codec/decode", PLAIN, key="wrong"), 401)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"garbage", 422),
        (b"\xff\xfe", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"null", 422),
        (b'{"payloads": 3}', 422),
        (b'{"payloads": [3]}', 422),
        (b'{"payloads": [{"metadata": [], "data": ""}]}', 422),
        (b'{"payloads": [{"metadata": {"encoding": 1}}]}', 422),
        (b'{"payloads": [{"data": "a"}]}', 422),
        (b'{"payloads": [{"metadata": {"\\ud800": ""}}]}', 422),
        (b'{"payloads": [null]}', 422),
        (b"[" * 100_000, 422),
        (b'{"a":' * 50_000, 422),
        (json.dumps(ENCRYPTED).encode(), 422),
        (b" " * 2_000_000, 413),
    ],
)
async def test_garbage_is_refused_in_words(coder: Client, body: bytes, status: int) -> None:
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    is_problem(await coder.http.post("/codec/decode", content=body, headers=headers), status)


async def test_another_media_type_is_refused_so_no_form_of_another_site_gets_in(coder: Client) -> None:
    headers = {"authorization": f"Bearer {KEY}", "content-type": "text/plain"}
    is_problem(await coder.http.post("/codec/decode", content=json.dumps(PLAIN), headers=headers), 415)


async def test_a_payload_of_an_unknown_key_names_it(coder: Client) -> None:
    problem = is_problem(await coder.post("/codec/decode", ENCRYPTED), 422)
    assert problem["detail"].startswith("A payload is encrypted under the key 'a47fdcba443b8bf1', which")


async def test_without_keys_there_is_nothing(client: Client) -> None:
    for path in ("/codec/encode", "/codec/decode"):
        problem = is_problem(await client.post(path, PLAIN), 404)
        assert problem["detail"] == "Nothing is encrypted here: TEMPORAL_CODEC_KEYS is not set."


async def test_only_the_web_ui_may_call_from_a_page(coder: Client) -> None:
    def ask(origin: str, path: str = "/codec/decode") -> Any:
        headers = {
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,x-namespace",
        }
        return coder.http.options(path, headers={"origin": origin, **headers})

    answer = await ask(ORIGIN)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert {"authorization", "x-namespace"} <= set(answer.headers["access-control-allow-headers"].lower().split(", "))
    for other in ("http://localhost:8234", "https://localhost:8233", "http://localhost:8233.evil.example", "null"):
        answer = await ask(other)
        assert answer.status_code == 400
        assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-origin" not in (await ask(ORIGIN, "/submissions")).headers
    refused = await coder.http.post("/codec/decode", json=PLAIN, headers={"origin": ORIGIN})
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == ORIGIN


async def test_a_browser_signs_in_once_and_then_sends_the_key_itself(coder: Client) -> None:
    asked = await coder.http.get("/codec")
    is_problem(asked, 401)
    assert asked.headers["www-authenticate"].startswith("Basic ")
    good, wrong = httpx.BasicAuth("any", KEY), httpx.BasicAuth("any", "")
    assert (await coder.http.get("/codec", auth=good)).status_code == 200
    assert (await coder.http.post("/codec/decode", json=PLAIN, auth=good)).json() == PLAIN
    is_problem(await coder.http.get("/codec", auth=wrong), 401)
    is_problem(await coder.http.post("/codec/decode", json=PLAIN, auth=wrong), 401)
    is_problem(await coder.http.get("/submissions", auth=good), 401)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://localhost:8233/namespaces/default", "http://localhost:8233"),
        ("https://Temporal.Example.com:443/", "https://temporal.example.com"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_the_origin_is_what_browsers_send(url: str, origin: str) -> None:
    assert testing.settings_for(DEFAULT_DATABASE_URL, temporal_ui_url=url).temporal_ui_origin == origin


@pytest.mark.parametrize("url", ["localhost:8233", "*", "ftp://x", "http://", "http://x:99999", "http://[x"])
def test_a_wrong_url_of_the_ui_is_told(url: str) -> None:
    with pytest.raises(ValueError, match="URL such as") as caught:
        testing.settings_for(DEFAULT_DATABASE_URL, temporal_ui_url=url)
    assert "TEMPORAL_UI_URL is wrong" in explain(caught.value)  # type: ignore[arg-type]


def test_a_wrong_key_is_told_when_the_application_is_made() -> None:
    with pytest.raises(SettingsError, match="TEMPORAL_CODEC_KEYS is wrong"):
        create_app(settings_of(DEFAULT_DATABASE_URL, temporal_codec_keys="short"))


@pytest.mark.parametrize("example", [PLAIN, ENCRYPTED])
def test_the_examples_are_payloads(example: dict[str, Any]) -> None:
    assert ParseDict(example, Payloads()).payloads[0].metadata["encoding"] in (b"json/plain", b"binary/encrypted")


@pytest.mark.server
@needs_server
async def test_the_temporal_command_decrypts_through_it(tmp_path: Path) -> None:
    key = new_key()
    settings = temporal_settings(temporal_codec_keys=key)
    url = f"sqlite+aiosqlite:///{tmp_path / 'app.db'}"
    with (
        dev_server(tmp_path) as temporal,
        worker_process(tmp_path, temporal.address, TEMPORAL_CODEC_KEYS=key) as worker,
    ):
        async with serving(url, tmp_path, TEMPORAL_CODEC_KEYS=key, TEMPORAL_ADDRESS=temporal.address) as api:
            await worker.start()
            client = await temporal.client(settings)
            given = Hold(folder=str(tmp_path), secret="Ann was here")
            name = f"tiny-{uuid.uuid4()}"
            await client.execute_workflow(Tiny.run, given, id=name, task_queue=worker.task_queue)
            show = ["workflow", "show", "--workflow-id", name]
            endpoint = ["--codec-endpoint", f"{api.base}/codec"]
            assert "Ann was here" not in temporal.cli(*show).stdout
            shown = temporal.cli(*show, *endpoint, "--codec-auth", f"Bearer {KEY}")
            assert "held Ann was here" in shown.stdout, shown.stderr
