"""`python -m api send`: sign a webhook as a sender does, send it, and see what becomes of it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from standardwebhooks import Webhook

from api.settings import ApiSettings
from db.entities import entity_types


def send(settings: ApiSettings, base: str, path: str, body: str, *, webhook_id: str | None, wait: float) -> int:
    """Send one webhook and print the answer; with `wait` seconds, then print what it came to. Return the exit code."""
    if not settings.webhook_secrets:
        print("WEBHOOK_SECRETS is not set: there is nothing to sign with.")
        return 2
    webhook_id, now = webhook_id or f"msg_{uuid.uuid4().hex}", datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(settings.webhook_secrets[0].get_secret_value()).sign(webhook_id, now, body),
    }
    deadline = time.monotonic() + wait
    request = urllib.request.Request(base + path, body.encode(), headers)  # noqa: S310 - the user named the address
    status, answer = _ask(request, deadline)
    print(status, answer)
    if status != 202 or not wait or not settings.api_keys:
        return 0 if status == 202 else 1
    key = settings.api_keys[0].get_secret_value()
    url = urljoin(base, json.loads(answer)["url"])
    final = _final_statuses(url)
    question = urllib.request.Request(url, headers={"authorization": f"Bearer {key}"})  # noqa: S310
    while True:
        status, answer = _ask(question, deadline)
        if status != 200 or json.loads(answer)["status"] in final:
            break
        if time.monotonic() > deadline:
            print("It goes on; ask later: GET", url)
            return 0
        time.sleep(0.1)
    print(status, json.dumps(json.loads(answer), indent=2))
    return 0 if status == 200 else 1


def _final_statuses(url: str) -> tuple[str, ...]:
    """Return the statuses that end what this URL shows: a word that is final for one type need not be for another."""
    plural = urlsplit(url).path.split("/")[-2]
    return next((kind.final for kind in entity_types().values() if kind.plural == plural), ())


def _ask(request: urllib.request.Request, deadline: float) -> tuple[int, str]:
    """Return the answer; until the deadline, a server that is not there yet is waited for."""
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the user named the address
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            if time.monotonic() > deadline:
                return 0, f"No answer from {request.host}: {error}"
            time.sleep(0.2)
