"""The application: `uvicorn api.main:app`."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

import tracing
from api.context import Context
from api.coordinator import Coordinator
from api.dispatch import Dispatcher
from api.logs import configure_logging
from api.metrics import Metrics
from api.middleware import Edge
from api.openapi import add_problem_schema
from api.problems import answer_http_exception, answer_validation_error
from api.routes import codec, routers
from api.runs import RawRuns, Runner, make_runner
from api.schema import SchemaGuard
from api.settings import ApiSettings, get_settings
from api.signatures import StandardVerifier, TwilioVerifier
from api.temporal import TemporalWatch, check_configuration, make_target
from db.delivery import Target
from db.session import Database
from settings import SettingsError
from workflows.temporal.codec import make_codec

DESCRIPTION = """Takes signed webhooks, keeps state, runs RAW workflows, and says what became of everything.

An acknowledged webhook (202) is on disk, is never lost, and is acted on once. Send it again under the same
`webhook-id` whenever the answer did not reach you. Errors are problem documents (RFC 9457)."""


def create_app(
    settings: ApiSettings | None = None,
    *,
    target: Target | Literal["temporal"] | None = "temporal",
    runner: Runner | None = None,
) -> FastAPI:
    """Return an application.

    Args:
        settings: those of the environment, if none are given.
        target: where the outbox goes: "temporal" is the server that the TEMPORAL_ variables name; None: nowhere,
            its entries wait.
        runner: what runs RAW workflows; the executor that RAW_EXECUTOR names, if none is given. It is closed
            with the application.

    Raises:
        SettingsError: a setting is wrong.
    """
    settings = settings or get_settings()
    metrics = Metrics()
    try:
        standard = StandardVerifier(settings.webhook_secrets)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    twilio = TwilioVerifier(settings.twilio_auth_token, settings.public_url)
    if target == "temporal":
        check_configuration(settings)

    payload_codec = make_codec(settings.temporal_codec_keys)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        """Start the parts, and end them in the opposite order."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(tracing.end)
            database = Database(settings)
            stack.push_async_callback(database.dispose)
            schema = SchemaGuard(database, settings)
            stack.push_async_callback(schema.stop)
            await schema.start()
            raw_runner = runner or make_runner()
            stack.push_async_callback(raw_runner.aclose)
            coordinator = Coordinator(database, raw_runner, settings, metrics)
            stack.push_async_callback(coordinator.stop, settings.shutdown_seconds)
            temporal = None
            receiver = target
            if receiver == "temporal":
                receiver = await make_target(settings)
                temporal = TemporalWatch(receiver.ping)
                stack.push_async_callback(temporal.stop)
            dispatcher = Dispatcher(database, receiver, settings, metrics)
            stack.push_async_callback(dispatcher.stop)
            app.state.context = Context(
                settings=settings,
                metrics=metrics,
                database=database,
                coordinator=coordinator,
                dispatcher=dispatcher,
                runs=RawRuns(raw_runner, settings.run_waiting),
                standard=standard,
                twilio=twilio,
                schema=schema,
                temporal=temporal,
                codec=payload_codec,
            )
            coordinator.start()
            dispatcher.start()
            yield

    app = FastAPI(
        title="Coordinator",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        exception_handlers={
            HTTPException: answer_http_exception,
            RequestValidationError: answer_validation_error,
        },
        # FastAPI's own spans hold paths and queries, which hold the ids of people; ours are made by Edge.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.add_middleware(Edge, metrics=metrics, max_body=settings.max_body_bytes)
    app.add_middleware(codec.CodecCors, origin=settings.temporal_ui_origin)
    for router in routers():
        app.include_router(router)
    add_problem_schema(app)
    return app


def _app() -> FastAPI:
    """Return the application that a server serves, its log lines in JSON from the first one."""
    try:
        settings = get_settings()
        configure_logging(settings.log_level)
        tracing.configure(settings, "api")
        return create_app(settings)
    except SettingsError as error:
        # A server would print a traceback, with the sentence somewhere in it.
        print(error, file=sys.stderr)
        sys.exit(2)


def __getattr__(name: str) -> FastAPI:
    """Make `app` when it is asked for, so that importing `create_app` reads no settings and opens no log."""
    if name == "app":
        globals()["app"] = made = _app()
        return made
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
