"""What `dev` and `demo` need to know of the API, and the demo's way to it: signed webhooks, and REST with a key."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from api.settings import get_settings
from db.entities import entity_type
from settings import SettingsError
from workflows.temporal.dev.door import Door, DoorError, Seen
from workflows.temporal.processes import Process

_ANSWER_SECONDS = 30.0


COMMAND = "python -m uvicorn api.main:app"
PORT_VARIABLE = "UVICORN_PORT"
PORT = 8000


def fresh_variables() -> dict[str, str]:
    """Return variables for an API of the demo's own: a secret and a key that nobody else has."""
    return {
        "WEBHOOK_SECRETS": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "API_KEYS": secrets.token_urlsafe(32),
        "POLL_SECONDS": "0.2",
    }


def note(variables: Mapping[str, str]) -> str:
    """Return what a person needs to know to ask an API of the demo's own."""
    return f"The API's key here: curl -H 'Authorization: Bearer {variables['API_KEYS']}' URL"


def make_door(base: str, variables: Mapping[str, str] | None = None) -> Door:
    """Return the way to an API that has these variables, or, without them, our own settings.

    Raises:
        SettingsError: these have no secret, or no key.
    """
    if variables is not None:
        return ApiDoor(base, variables["WEBHOOK_SECRETS"], variables["API_KEYS"])
    settings = get_settings()
    if not settings.webhook_secrets or not settings.api_keys:
        raise SettingsError("WEBHOOK_SECRETS and API_KEYS must be set, to those of the API that is asked.")
    return ApiDoor(base, settings.webhook_secrets[0].get_secret_value(), settings.api_keys[0].get_secret_value())


class ApiDoor:
    """Tells and looks over HTTP."""

    def __init__(self, base: str, secret: str, key: str) -> None:
        """Take the API's address, such as http://127.0.0.1:8000, a secret to sign webhooks with, and an API key."""
        self._base = base.rstrip("/")
        self._webhook = Webhook(secret)
        self._key = {"authorization": f"Bearer {key}"}

    async def start(self, process: Process, body: Mapping[str, Any]) -> str:
        """Send the webhook that begins a process."""
        return str((await self._send(f"/webhooks/{process.start.source}", body))["id"])

    async def send(self, process: Process, source: str, entity_id: str, body: Mapping[str, Any]) -> None:
        """Send the webhook, or, where it is a person's word, post it as a person's own program does."""
        incoming = process.incoming_of(source)
        if incoming is None or incoming.id_field is None:
            await self._ask("POST", f"{_path(process, entity_id)}/{source}", body, self._key)
        else:
            await self._send(f"/webhooks/{source}", {incoming.id_field: entity_id, **body})

    async def look(self, process: Process, entity_id: str) -> Seen:
        """Get the entity."""
        shown = await self._ask("GET", _path(process, entity_id), None, self._key)
        return Seen(shown["status"], [(item["event"], item["detail"]) for item in shown["timeline"]])

    def url(self, process: Process, entity_id: str) -> str:
        """Return the entity's URL."""
        return self._base + _path(process, entity_id)

    async def _send(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        webhook_id, now = f"msg_{uuid.uuid4().hex}", datetime.now(UTC)
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(webhook_id, now, json.dumps(body)),
        }
        return await self._ask("POST", path, body, headers)

    async def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the user named the address
            self._base + path, data, {**headers, "content-type": "application/json"}, method=method
        )
        return await asyncio.to_thread(_answer, request)


def _path(process: Process, entity_id: str) -> str:
    return f"/{entity_type(process.entity).plural}/{entity_id}"


def _answer(request: urllib.request.Request) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - as above
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        words = error.read().decode(errors="replace")[:300]
        raise DoorError(f"{request.selector} was answered {error.code}: {words}") from None
    except (OSError, ValueError) as error:
        raise DoorError(f"{request.host} does not answer as the API does: {error}") from None
