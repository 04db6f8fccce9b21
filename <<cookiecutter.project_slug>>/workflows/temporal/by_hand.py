"""What the commands that start, signal and show processes share: checked words, a database, and delivery at once."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

import tracing
from db.delivery import Delivered, deliver_due, make_owner
from db.repositories import outbox
from db.repositories.events import FinalStatusError, UnknownCandidateError
from db.repositories.inbox import MAX_WEBHOOK_ID, BodyMismatchError
from db.schema import migrate_if_needed
from db.session import Database, DatabaseUnavailableError
from settings import Settings, SettingsError, get_settings
from workflows.inputs import Body
from workflows.temporal.client import connect, data_converter
from workflows.temporal.environment import connect_config
from workflows.temporal.target import TemporalTarget

ModelT = TypeVar("ModelT", bound=BaseModel)

# Who sends what is sent by hand; ids are unique within a source.
SOURCE = "cli"
# So that the whole id, with the candidate's before it, stays within what the inbox takes.
LONGEST_KEY = MAX_WEBHOOK_ID - 60

# pydantic's own words are about patterns; these say what to do.
_REMEDIES = {
    "candidate_id": "give the id that `start` printed",
    "email": "give one address, such as ann@example.com",
    "phone": "give digits with the country's code, such as +49 30 901820",
}


class Whom(Body):
    """A candidate."""

    candidate_id: uuid.UUID


class WrongInputError(Exception):
    """An argument is wrong; the text is one plain sentence for each, and does not repeat values."""


def run(name: str, work: Callable[[Settings], Coroutine[Any, Any, int]]) -> int:
    """Do the work of a command; 0 done, 1 not done, 2 wrong usage or settings, with one plain sentence why."""
    try:
        settings = get_settings()
        tracing.configure(settings, "command")
        with tracing.ended(), tracing.span(name):
            return asyncio.run(work(settings))
    except (SettingsError, WrongInputError) as error:
        print(error, file=sys.stderr)
        return 2
    except BodyMismatchError:
        print("This --id was used before, with something else: nothing was done.", file=sys.stderr)
        return 1
    except (DatabaseUnavailableError, UnknownCandidateError, FinalStatusError) as error:
        print(error, file=sys.stderr)
        return 1


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """Give the database; in development its schema is brought up to date first, as every process does.

    Raises:
        SettingsError: what is to be delivered could not be, since Temporal's configuration is wrong.
        DatabaseUnavailableError: away.
    """
    connect_config()
    data_converter(settings)
    if settings.migrate_at_start:
        await migrate_if_needed(settings)
    database = Database(settings)
    try:
        yield database
    finally:
        await database.dispose()


def add_key(parser: argparse.ArgumentParser) -> None:
    """Add --id."""
    parser.add_argument(
        "--id", type=_key, help="a name for this message: the same again acts once (default: a new one)"
    )


def _key(text: str) -> str:
    if not 1 <= len(text) <= LONGEST_KEY:
        raise argparse.ArgumentTypeError(f"it must have 1 to {LONGEST_KEY} characters")
    return text


def checked(model: type[ModelT], values: Mapping[str, Any], names: Mapping[str, str]) -> tuple[ModelT, bytes]:
    """Return the values as the API would take them, and the body that would have brought them.

    Args:
        model: of the body.
        values: of its fields; None is left out.
        names: what each field is called on the command line.

    Raises:
        WrongInputError: a value is wrong.
    """
    body = json.dumps({name: value for name, value in values.items() if value is not None}, sort_keys=True)
    try:
        return model.model_validate_json(body), body.encode()
    except ValidationError as error:
        lines = []
        for fault in error.errors(include_url=False, include_context=False, include_input=False):
            field = str(fault["loc"][0]) if fault["loc"] else ""
            words = _REMEDIES.get(field, fault["msg"]).rstrip(".")
            lines.append(f"{names.get(field, field)} is wrong: {words[:1].lower()}{words[1:]}.")
        raise WrongInputError("\n".join(lines)) from None


def address(settings: Settings, candidate_id: object) -> str:
    """Return where the candidate is shown, as a webhook's answer says it."""
    base = settings.public_url
    return f"{base.rstrip('/') if base else ''}/candidates/{candidate_id}"


async def deliver_now(database: Database, settings: Settings, target: str) -> str:
    """Try what a target has not got yet, then what else is due; say in a sentence what came of the first."""
    owner = make_owner()
    temporal = TemporalTarget(await connect(settings, lazy=True), settings)
    last: Delivered | None = None
    while done := await deliver_due(database, temporal, settings, owner, only=target):
        last = done[-1]
        if last.outcome != "delivered":
            break
    async with database.session(read_only=True) as session:
        waiting = await outbox.list_waiting(session, target)
    if not waiting:
        # The server is there, so what could not be delivered earlier goes too.
        await deliver_due(database, temporal, settings, owner)
        return "Delivered to Temporal."
    if parked := [entry for entry in waiting if entry.status == "parked"]:
        return f"Stored, and held up by what was given up on ({parked[0].last_error}): python -m db outbox parked"
    if last is not None and last.error is not None:
        reason = str(last.error)
    else:
        reason = f"an earlier attempt failed ({waiting[0].last_error or 'another process makes one'})"
    return f"Stored, not delivered yet: {reason}. The outbox sweep delivers it, or the next such command."
