"""The connection to Temporal, by Temporal's own environment configuration, and how values are encoded on it.

TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_... and TEMPORAL_PROFILE mean here what they mean
to the `temporal` command. The environment wins over `.env`, which wins over Temporal's configuration file.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import random
import re
from collections.abc import Callable
from pathlib import Path

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes
from temporalio.envconfig import ClientConnectConfig
from temporalio.runtime import Runtime
from temporalio.service import RetryConfig, RPCError, RPCStatusCode

import tracing
from settings import ENV_FILE, Settings
from workflows.temporal.codec import make_codec
from workflows.temporal.environment import connect_config

logger = logging.getLogger("workflows.temporal.client")

# What a person waits for in the API; the SDK's own default is ten seconds.
_LAZY_RETRY_MILLISECONDS = 2000
_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 5.0
_LOOK_SECONDS = 10.0


class AwayError(Exception):
    """Temporal cannot be worked with now; the text is one plain sentence that says why."""


def data_converter(settings: Settings) -> DataConverter:
    """Return how values cross the wire: pydantic's JSON, encrypted where TEMPORAL_CODEC_KEYS is set.

    Clients, workers, tests and the Replayer must all use it.

    Raises:
        SettingsError: a key is wrong.
    """
    codec = make_codec(settings.temporal_codec_keys)
    if codec is None:
        return pydantic_data_converter
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=codec,
        # Without it, messages and stack traces of failures would be stored in plain text.
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(
    settings: Settings, *, lazy: bool = False, runtime: Runtime | None = None, env_file: Path | None = ENV_FILE
) -> Client:
    """Return a client.

    Args:
        settings: of them, the keys of the codec.
        lazy: connect at the first call, so that a process starts while Temporal is away; its calls are then tried
            for two seconds, not ten. A worker cannot use such a client.
        runtime: the SDK's runtime; its default, if none is given.
        env_file: a file with variables that the environment may not have.

    Raises:
        SettingsError: the configuration is wrong.
        AwayError: the server cannot be reached; not when `lazy`.
    """
    config = connect_config(env_file)
    converter = data_converter(settings)
    retry = RetryConfig(max_elapsed_time_millis=_LAZY_RETRY_MILLISECONDS) if lazy else None
    try:
        return await Client.connect(
            **_with_address(config),
            data_converter=converter,
            lazy=lazy,
            retry_config=retry,
            runtime=runtime,
            plugins=tracing.temporal_plugins(),
        )
    except (RuntimeError, RPCError) as error:
        raise AwayError(f"Temporal at {address_of(config)} {why_away(error)}") from None


async def connect_with_backoff(
    settings: Settings,
    *,
    runtime: Runtime | None = None,
    env_file: Path | None = ENV_FILE,
    told: Callable[[str], None] | None = None,
) -> Client:
    """Return a client once the server is there and has the namespace, however long that takes; cancel it to stop.

    Args:
        settings: of them, the keys of the codec.
        runtime: the SDK's runtime; its default, if none is given.
        env_file: a file with variables that the environment may not have.
        told: called with one plain sentence whenever it has to wait.

    Raises:
        SettingsError: the configuration is wrong.
    """
    pause = _FIRST_PAUSE_SECONDS
    last = ""
    while True:
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                client = await connect(settings, runtime=runtime, env_file=env_file)
                await _check_namespace(client)
            return client
        except TimeoutError:
            words = f"Temporal at {address_of(connect_config(env_file))} does not answer."
        except AwayError as error:
            words = str(error)
        if told is not None:
            told(words)
        # The same words again would only fill the log.
        logger.log(logging.DEBUG if words == last else logging.WARNING, "%s Trying again until it works.", words)
        last = words
        await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - workers must not all come at once
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


async def _check_namespace(client: Client) -> None:
    """Ask for the namespace, as every worker does first.

    Raises:
        AwayError: it is not there, or not for us.
    """
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        await client.workflow_service.describe_namespace(request)
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise AwayError(f"Temporal has no namespace {client.namespace!r} (TEMPORAL_NAMESPACE).") from None
        raise AwayError(f"Temporal {why_away(error)}") from None


def address_of(config: ClientConnectConfig) -> str:
    """Return the server's address, Temporal's default where none is configured."""
    return config.get("target_host", "localhost:7233")


def _with_address(config: ClientConnectConfig) -> ClientConnectConfig:
    return {**config, "target_host": address_of(config)}


# What the errors of the SDK's transport say, and what that means to a person.
_REASONS = (
    ("Unauthenticated", "does not accept who we are: look at TEMPORAL_API_KEY and the client certificate."),
    ("PermissionDenied", "does not let us in: look at TEMPORAL_API_KEY and TEMPORAL_NAMESPACE."),
    ("dns error", "has a name that cannot be resolved (TEMPORAL_ADDRESS)."),
    ("UnknownIssuer", "shows a certificate that is not trusted (TEMPORAL_TLS_SERVER_CA_CERT_PATH)."),
    ("NotValidForName", "shows the certificate of another name (TEMPORAL_TLS_SERVER_NAME)."),
    ("InvalidContentType", "does not speak TLS, or not what we expect (TEMPORAL_TLS)."),
    ("refused", "refuses the connection: it does not run there (TEMPORAL_ADDRESS)."),
    ("UNAVAILABLE", "is not ready yet."),
    ("Unavailable", "is not ready yet."),
)


def why_away(error: RuntimeError | RPCError) -> str:
    """Say in words why a call to Temporal failed; the server's own text only where nothing better is known."""
    if isinstance(error, RPCError):
        text = {
            RPCStatusCode.UNAUTHENTICATED: "Unauthenticated",
            RPCStatusCode.PERMISSION_DENIED: "PermissionDenied",
            RPCStatusCode.UNAVAILABLE: "Unavailable",
        }.get(error.status, str(error))
    else:
        text = str(error)
    for sign, words in _REASONS:
        if sign in text:
            return words
    plain = re.sub(r"\s+", " ", text)[:300]
    return f"cannot be worked with: {plain}"
