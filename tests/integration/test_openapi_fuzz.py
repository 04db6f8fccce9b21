"""What schemathesis makes of the OpenAPI document, against a real server: no 5xx, nothing outside the schema.

One check is left out: that everything in the schema is taken. A schema cannot say which times are plausible.

It runs on SQLite; with TEST_DATABASE_URL on the PostgreSQL that it names.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from requests.auth import AuthBase
from schemathesis.specs.openapi.checks import positive_data_acceptance
from standardwebhooks import Webhook

from api.main import create_app
from api.settings import ApiSettings

PROJECT = Path(__file__).resolve().parents[2] / "<<cookiecutter.project_slug>>"
SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
KEY = secrets.token_urlsafe(32)
PLAIN_ID = re.compile(r"[!-~]{1,255}")


class Signed(AuthBase):
    """Gives each webhook whose headers are all there a good signature."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        if all(request.headers.get(name) for name in names) and PLAIN_ID.fullmatch(request.headers["webhook-id"]):
            body = request.body or b""
            text = body if isinstance(body, str) else body.decode("utf-8", "replace")
            now = datetime.now(UTC)
            request.headers["webhook-timestamp"] = str(int(now.timestamp()))
            request.headers["webhook-signature"] = Webhook(SECRET).sign(request.headers["webhook-id"], now, text)
        return request


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("fuzz")
    project = shutil.copytree(PROJECT, folder / "project", ignore=shutil.ignore_patterns("runs", "dev", ".venv"))
    env = {
        **os.environ,
        "TEMPORAL_ADDRESS": "127.0.0.1:9",  # nothing listens there
        "DATABASE_URL": os.environ.get("TEST_DATABASE_URL") or f"sqlite+aiosqlite:///{folder}/app.db",
        "PYTHONPATH": str(project),
        "RAW_PROJECT_ROOT": str(project),
        "WEBHOOK_SECRETS": SECRET,
        "API_KEYS": KEY,
        "TWILIO_AUTH_TOKEN": "token",
    }
    command = [sys.executable, "-m", "uvicorn", "api.main:app", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    base = f"http://127.0.0.1:{port}"
    for _ in range(300):
        assert process.poll() is None, (folder / "log").read_text()
        try:
            urllib.request.urlopen(f"{base}/readyz", timeout=2).close()
            break
        except OSError:
            time.sleep(0.1)
    yield base
    process.terminate()
    process.wait(30)
    log_text = (folder / "log").read_text()
    assert '"level": "error"' not in log_text


# A body may break the schema by its sheer size: 413 refuses it too, though schemathesis does not count it as a refusal.
REFUSALS = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429]
schema = schemathesis.openapi.from_dict(
    create_app(ApiSettings(_env_file=None), target=None).openapi(),
    config=schemathesis.Config.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}}),
)


@schema.auth()
class Key:
    """A good API key, where schemathesis does not try what happens without one."""

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> str:  # noqa: ARG002 - the protocol's own names
        return KEY

    def set(self, case: schemathesis.Case, data: str, context: schemathesis.AuthContext) -> None:  # noqa: ARG002
        case.headers["Authorization"] = f"Bearer {data}"


@schema.parametrize()
@hypothesis_settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
def test_every_answer_is_in_the_schema(case: schemathesis.Case, server: str) -> None:
    case.call_and_validate(base_url=server, auth=Signed(), excluded_checks=[positive_data_acceptance])


def test_the_signatures_are_good(server: str) -> None:
    """Else every webhook above would only have met a 401."""
    form = {"form": "contact", "email": "ann@example.com", "text": "My invoice 4711 was charged twice."}
    headers = {"webhook-id": secrets.token_hex(8), "webhook-timestamp": "0", "webhook-signature": "v1,x"}
    answer = requests.post(f"{server}/webhooks/submit", json=form, headers=headers, auth=Signed(), timeout=30)
    assert answer.status_code == 202, answer.text
