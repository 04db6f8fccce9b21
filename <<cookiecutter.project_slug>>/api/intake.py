"""Webhooks as every route takes them: signed, stored in one transaction, then acknowledged.

What came before gets the answer it got then.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.bodies import JSON, media_type
from api.context import Context, context_of
from api.problems import Problem
from db.base import EntityRow
from db.entities import type_of
from db.repositories import inbox, intake
from db.repositories.inbox import Accepted
from db.repositories.intake import Receipt
from db.types import new_id
from logs import entity_id_var
from workflows.inputs import Body
from workflows.temporal.processes import Process


async def signed(request: Request) -> tuple[Context, str, bytes]:
    """Return the context, the webhook's id and its body, once its signature has proved good.

    Raises:
        Problem: 401, 413 or 415.
    """
    media_type(request, (JSON,))
    body = await request.body()
    context = context_of(request)
    return context, context.standard.verify(request, body), body


async def take_start(context: Context, process: Process, webhook_id: str, body: bytes, given: Body) -> Response:
    """Store the entity that begins a process, and answer with its URL.

    Raises:
        Problem: 409, when the webhook's id came before with another body.
        DatabaseUnavailableError: nothing is known to be stored.
    """
    source, row = process.start.source, process.start.make_row(given)
    accepted = await take_new(context, source, webhook_id, body, row, process=process)
    if accepted.fresh:
        context.dispatcher.wake()
    return answer(context, source, accepted)


async def take_new(
    context: Context,
    source: str,
    webhook_id: str,
    body: bytes,
    row: EntityRow,
    *,
    process: Process | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Accepted:
    """Store an entity with a new id, and what starts its process if it has one.

    Raises:
        Problem: 409, when the webhook's id came before with another body.
        DatabaseUnavailableError: nothing is known to be stored.
    """
    entity_id = new_id()
    url = context.url(f"/{type_of(type(row)).plural}/{entity_id}")
    told = {"id": str(entity_id), "status": row.status, "url": url}
    receipt = Receipt(source, webhook_id, body, entity_id, told, url, detail or {})
    target = None if process is None else process.target(entity_id)
    try:
        async with asyncio.timeout(context.settings.database_timeout_seconds):
            return await intake.take(context.database, receipt, row, target=target)
    except inbox.BodyMismatchError:
        raise conflict() from None


def conflict() -> Problem:
    """Return the answer to a webhook-id that comes again with another body."""
    return Problem(409, "conflict", "This webhook-id was used before, with another body.")


def answer(context: Context, source: str, accepted: Accepted) -> Response:
    """Return 202, or what was answered to this webhook when it came first."""
    entity_id_var.set(str(accepted.entity_id))
    context.metrics.webhooks.labels(source, "accepted" if accepted.fresh else "replayed").inc()
    return Response(
        json.dumps(accepted.answer).encode(),
        status_code=accepted.status_code,
        media_type="application/json",
        headers={"Location": accepted.location} if accepted.location else None,
    )
