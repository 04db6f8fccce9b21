"""The stack from outside: its API, its mail catcher, and the power over its containers."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import httpx
from standardwebhooks import Webhook

from api.settings import get_settings
from settings import ROOT

_ANSWER_SECONDS = 10.0
_PAUSE_SECONDS = 0.25
_COMMAND_SECONDS = 120.0


class StackError(Exception):
    """Something does not hold; the text says what."""


@dataclass(slots=True)
class Sent:
    """A webhook until it was acknowledged: its id, what it was answered before, and the resource that it became."""

    webhook_id: str
    resource: str = ""
    answers: list[int | str] = field(default_factory=list)
    acknowledged: float = 0.0


class Stack:
    """A running stack. Every method that asks it something goes on asking while it does not answer."""

    def __init__(self, api: str, mail: str, secret: str, key: str) -> None:
        """Take the addresses of API and mail catcher, a secret to sign webhooks with, and an API key."""
        self._webhook = Webhook(secret)
        self._key = {"authorization": f"Bearer {key}"}
        self._mail = mail
        # A connection for each request, as senders have it who come from everywhere.
        limits = httpx.Limits(max_keepalive_connections=0, max_connections=32)
        self._http = httpx.AsyncClient(base_url=api, timeout=_ANSWER_SECONDS, limits=limits, trust_env=False)
        self.answers: Counter[int | str] = Counter()

    @classmethod
    def from_settings(cls) -> Self:
        """Return the stack of docker-compose.yml, with the secret and the key of .env."""
        settings = get_settings()
        if not settings.webhook_secrets or not settings.api_keys:
            raise StackError("WEBHOOK_SECRETS and API_KEYS must be set. Make .env with: make env")
        return cls(
            f"http://127.0.0.1:{os.environ.get('API_PORT', '8000')}",
            f"http://127.0.0.1:{os.environ.get('MAIL_PORT', '1080')}",
            settings.webhook_secrets[0].get_secret_value(),
            settings.api_keys[0].get_secret_value(),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        await self._http.aclose()

    async def send(self, path: str, body: Mapping[str, Any]) -> Sent:
        """Send a webhook, under one id, until it is acknowledged.

        Raises:
            StackError: it was refused, or answered with an error that no sender could foresee.
        """
        sent = Sent(f"msg_{uuid.uuid4().hex}")
        text = json.dumps(body)
        while not sent.acknowledged:
            now = datetime.now(UTC)
            headers = {
                "webhook-id": sent.webhook_id,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": self._webhook.sign(sent.webhook_id, now, text),
                "content-type": "application/json",
            }
            try:
                answer = await self._http.post(path, content=text, headers=headers)
            except httpx.TransportError as error:
                self._note(sent, type(error).__name__)
            else:
                self._note(sent, answer.status_code)
                if answer.status_code in (200, 202):
                    sent.resource, sent.acknowledged = str(answer.json().get("id", "")), time.time()
                    break
                if answer.status_code != 503 or "retry-after" not in answer.headers:
                    raise StackError(f"{path} was answered {answer.status_code}: {answer.text[:300]}")
            await asyncio.sleep(_PAUSE_SECONDS)
        return sent

    def _note(self, sent: Sent, answer: int | str) -> None:
        sent.answers.append(answer)
        self.answers[answer] += 1

    async def get(self, path: str) -> dict[str, Any]:
        """Get a resource."""
        while True:
            try:
                answer = await self._http.get(path, headers=self._key)
                if answer.status_code == 200:
                    found: dict[str, Any] = answer.json()
                    return found
                if answer.status_code != 503:
                    raise StackError(f"{path} was answered {answer.status_code}: {answer.text[:300]}")
            except httpx.TransportError:
                pass
            await asyncio.sleep(_PAUSE_SECONDS)

    async def decide(self, candidate_id: str, decision: str) -> None:
        """Post a decision."""
        body = {"decision": decision, "note": ""}
        answer = await self._http.post(f"/candidates/{candidate_id}/decision", json=body, headers=self._key)
        if answer.status_code != 202:
            raise StackError(f"The decision was answered {answer.status_code}: {answer.text[:300]}")

    async def candidate_with(self, candidate_id: str, *events: str) -> dict[str, Any]:
        """Return a candidate once its timeline has one of these events."""
        while True:
            shown = await self.get(f"/candidates/{candidate_id}")
            if {item["event"] for item in shown["timeline"]} & set(events):
                return shown
            await asyncio.sleep(_PAUSE_SECONDS)

    async def mails(self) -> list[tuple[str, str]]:
        """Return recipient and Message-ID of every mail that was caught."""
        while True:
            try:
                answer = await self._http.get(f"{self._mail}/api/email")
                answer.raise_for_status()
                return [(mail["to"][0]["address"], mail["headers"]["message-id"]) for mail in answer.json()]
            except (httpx.TransportError, httpx.HTTPStatusError):
                await asyncio.sleep(_PAUSE_SECONDS)


async def compose(*words: str) -> str:
    """Run `docker compose …` in the project; as `docker`."""
    return await docker("compose", *words)


async def docker(*words: str) -> str:
    """Run `docker …` and return what it said.

    Raises:
        StackError: it failed, or took two minutes.
    """
    done = await asyncio.to_thread(
        subprocess.run,
        ["docker", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_COMMAND_SECONDS,
        check=False,
    )
    if done.returncode:
        raise StackError(f"docker {' '.join(words)}: {done.stderr.strip()[-500:]}")
    return done.stdout
