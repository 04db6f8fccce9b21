"""What probes and scrapers ask: is the process there, can it work, what are its figures."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from api.context import Context, context_of
from api.problems import responses
from api.views import Health, Readiness
from db.repositories import outbox
from db.session import DatabaseUnavailableError

router = APIRouter(tags=["health"])

_OPENAPI_METRICS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": "database_up 1.0"}}},
}


@router.get("/healthz", response_model=Health)
async def healthz() -> Response:
    """Say that the process answers; asks nothing of any other part."""
    return JSONResponse({"status": "ok"})


@router.get(
    "/readyz",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "A part is missing; `missing` names it."}},
)
async def readyz(request: Request) -> Response:
    """Say whether work can be done here, and if not, which part is missing."""
    context = context_of(request)
    parts: dict[str, str] = {}
    missing: list[str] = []

    def part(name: str, words: str, *, ok: bool = True) -> None:
        parts[name] = words
        if not ok:
            missing.append(name)

    try:
        await context.database.ping(timeout=2.0)
    except DatabaseUnavailableError as error:
        part("database", str(error), ok=False)
    else:
        part("database", "ok")
        part("schema", context.schema.problem or "ok", ok=context.schema.problem is None)
        part("outbox", await _outbox_words(context))
    if context.temporal is not None:
        # For people: without Temporal webhooks are taken all the same, so traffic must not go elsewhere.
        part("temporal", await context.temporal.words())
    alive = context.coordinator.alive or not context.coordinator.enabled
    part("coordinator", _coordinator_words(context), ok=alive)
    part(
        "webhooks",
        "ok" if context.settings.webhook_secrets else "WEBHOOK_SECRETS is not set: every signed webhook is refused",
    )
    ready = not missing
    document = {"status": "ready" if ready else "not ready", "parts": parts, "missing": missing}
    return JSONResponse(document, status_code=200 if ready else 503)


@router.get("/metrics", responses={**_OPENAPI_METRICS, **responses()}, response_class=Response)
async def metrics(request: Request) -> Response:
    """Return the figures, in Prometheus' text format."""
    context = context_of(request)
    figures = context.metrics
    try:
        async with context.database.session(read_only=True) as session:
            depth = await outbox.depth_and_age(session)
    except DatabaseUnavailableError:
        figures.database_up.set(0)
    else:
        figures.database_up.set(1)
        figures.outbox_entries.labels("pending").set(depth.pending)
        figures.outbox_entries.labels("parked").set(depth.parked)
        figures.outbox_oldest_seconds.set(depth.oldest_seconds)
    return Response(generate_latest(figures.registry), media_type=CONTENT_TYPE_LATEST)


def _coordinator_words(context: Context) -> str:
    if not context.coordinator.enabled:
        return "off here (SUBMISSION_CONCURRENCY=0): another process runs submissions"
    if not context.coordinator.alive:
        return "the loop that runs submissions has ended"
    return "it cannot reach the database and tries again" if context.coordinator.failing else "ok"


async def _outbox_words(context: Context) -> str:
    try:
        async with context.database.session(read_only=True) as session:
            depth = await outbox.depth_and_age(session)
    except DatabaseUnavailableError as error:
        return str(error)
    counts = f"{depth.pending} pending, {depth.parked} parked"
    if not context.dispatcher.enabled:
        return f"no target is configured: entries wait ({counts})"
    return counts if depth.pending or depth.parked else "ok"
