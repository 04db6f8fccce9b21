"""`python -m workflows.temporal setup` and `codec-key`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from temporalio.service import RPCError

from settings import Settings, SettingsError, get_settings
from workflows.temporal.client import AwayError, connect_with_backoff
from workflows.temporal.codec import new_key
from workflows.temporal.setup import prepare


def main(argv: Sequence[str]) -> int:
    """Prepare the server; 0 done (what it lacks is told), 1 it is away, 2 wrong usage or settings."""
    parser = argparse.ArgumentParser(
        prog="python -m workflows.temporal setup",
        description="Register the search attribute and the schedule that the project uses. Safe to run again.",
    )
    parser.add_argument("--wait", type=float, default=30.0, help="seconds to wait for the server (default: 30)")
    arguments = parser.parse_args(argv)
    try:
        return asyncio.run(_prepare(get_settings(), arguments.wait))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (AwayError, RPCError) as error:
        print(error, file=sys.stderr)
        return 1


async def _prepare(settings: Settings, wait: float) -> int:
    last = "Temporal does not answer."

    def told(words: str) -> None:
        nonlocal last
        last = words

    try:
        async with asyncio.timeout(wait):
            client = await connect_with_backoff(settings, told=told)
    except TimeoutError:
        raise AwayError(last) from None
    for prepared in await prepare(client, settings):
        print(prepared.words if prepared.done else f"Not done: {prepared.words}")
    return 0


def codec_key(argv: Sequence[str]) -> int:
    """Print a new key for TEMPORAL_CODEC_KEYS."""
    argparse.ArgumentParser(
        prog="python -m workflows.temporal codec-key",
        description="Print a new key for TEMPORAL_CODEC_KEYS. To rotate: put it first and keep the old ones behind it, "
        "until every process and history that was encrypted under them is gone.",
    ).parse_args(argv)
    print(new_key())
    return 0
