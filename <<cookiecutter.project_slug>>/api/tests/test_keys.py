from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest

from api import __main__ as command
from api.keys import run_keys
from api.settings import ApiSettings
from api.tests.conftest import settings_of
from api.tests.support import KEY, Client, Running, is_problem, running
from db.entities import entity_type
from db.repositories import api_keys
from db.types import utc_now
from settings import ROOT
from workflows.temporal.processes import processes

pytestmark = pytest.mark.anyio

UNKNOWN = "0190163d-8694-739b-aea5-966c26f8ad91"


def of_processes() -> Iterator[tuple[str, str, str]]:
    """What the entities of processes are read by, and what people tell these."""
    for process in processes().values():
        plural = entity_type(process.entity).plural
        yield "GET", f"/{plural}", "read"
        yield "GET", f"/{plural}/{UNKNOWN}", "read"
        for incoming in process.incoming:
            if incoming.id_field is None:
                yield "POST", f"/{plural}/{UNKNOWN}/{incoming.source}", "write"


NEEDS = [
    ("GET", "/submissions", "read"),
    ("GET", f"/submissions/{UNKNOWN}", "read"),
    ("POST", "/raw/analyze/runs", "run"),
    ("GET", "/outbox", "admin"),
    ("POST", f"/outbox/{UNKNOWN}/retry", "admin"),
    ("POST", "/codec/decode", "admin"),
    *of_processes(),
]


async def key_with(api: Running, *scopes: str, **more: object) -> str:
    async with api.context.database.session() as session:
        key, _ = await api_keys.create(session, "test", scopes, **more)  # type: ignore[arg-type]
    return key


@pytest.mark.parametrize(("method", "path", "scope"), NEEDS)
async def test_each_route_needs_its_scope(api: Running, method: str, path: str, scope: str) -> None:
    others = {"read", "write", "run", "admin"} - {scope}
    right, wrong = await key_with(api, scope), await key_with(api, *others)
    ask = api.client.http.request
    answer = await ask(method, path)
    is_problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")
    is_problem(await ask(method, path, headers={"authorization": f"Bearer {wrong}"}), 403)
    allowed = await ask(method, path, headers={"authorization": f"Bearer {right}"})
    assert allowed.status_code in (200, 404, 415)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Basic {KEY}",
        KEY,
        f"Bearer {KEY}x",
        "Bearer rsk_",
        "Bearer rsk_x_y",
        f"Bearer rsk_{'0' * 32}_secret",
        "Bearer " + "k" * 5000,
        "Bearer caf\xe9",
    ],
)
async def test_a_wrong_key_is_refused(client: Client, header: str) -> None:
    raw = [(b"authorization", header.encode("latin-1"))]
    is_problem(await client.http.get("/submissions", headers=raw), 401)


async def test_two_keys_at_once_are_refused(client: Client) -> None:
    raw = [("authorization", f"Bearer {KEY}")] * 2
    is_problem(await client.http.get("/submissions", headers=raw), 401)


async def test_a_key_that_ended_is_refused(api: Running) -> None:
    expired = await key_with(api, "read", expires_at=utc_now() - timedelta(seconds=1))
    is_problem(await api.client.get("/submissions", key=expired), 401)
    revoked = await key_with(api, "read")
    assert (await api.client.get("/submissions", key=revoked)).status_code == 200
    async with api.context.database.session() as session:
        row = (await api_keys.list_all(session))[0]
        assert await api_keys.revoke(session, row.id)
    is_problem(await api.client.get("/submissions", key=revoked), 401)


async def test_without_keys_nobody_gets_in(settings: ApiSettings) -> None:
    async with running(settings_of(settings.database_url, api_keys=())) as api:
        for key in (KEY, "", "None"):
            is_problem(await api.client.get("/submissions", key=key), 401)


async def test_the_command_makes_a_key_that_works(api: Running) -> None:
    env = {"DATABASE_URL": api.context.settings.database_url, "PYTHONPATH": str(ROOT), "PATH": ""}
    command = [sys.executable, "-m", "api", "keys", "create", "--name", "reports", "--scopes", "read,run"]
    made = await asyncio.create_subprocess_exec(*command, env=env, cwd=ROOT, stdout=subprocess.PIPE)
    told, _ = await asyncio.wait_for(made.communicate(), 60)
    assert made.returncode == 0
    key = told.decode().split()[-1]
    assert (await api.client.get("/submissions", key=key)).status_code == 200
    is_problem(await api.client.get("/outbox", key=key), 403)


async def test_the_command_lists_and_revokes(api: Running, capsys: pytest.CaptureFixture[str]) -> None:
    async def run(*words: str) -> tuple[int, str, str]:
        code = await run_keys(command.make_parser().parse_args(["keys", *words]), api.context.database)
        return (code, *capsys.readouterr())

    code, out, _ = await run("create", "--name", "reports", "--scopes", "read,run", "--days", "30")
    key_id = out.split()[0]
    assert code == 0
    assert re.fullmatch(r"rsk_[0-9a-f]{32}_\S{43}", out.splitlines()[1])
    assert await run("list") == (0, f"{key_id}  active   read,run             reports\n", "")
    assert await run("revoke", key_id) == (0, f"Revoked {key_id}.\n", "")
    assert await run("revoke", key_id) == (1, "", f"No key {key_id} is in use.\n")
    assert "revoked" in (await run("list"))[1]
    wrong = "Unknown scope red; there are: read, write, run, admin.\n"
    assert await run("create", "--name", "x", "--scopes", "red") == (2, "", wrong)
