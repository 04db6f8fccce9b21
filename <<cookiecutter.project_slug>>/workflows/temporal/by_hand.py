"""What the commands that start, signal and show processes share: flags from models, a database, prompt delivery."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

import tracing
from db.delivery import Delivered, deliver_due, make_owner
from db.entities import entity_type
from db.repositories import outbox
from db.repositories.events import FinalStatusError, UnknownEntityError
from db.repositories.inbox import MAX_WEBHOOK_ID, BodyMismatchError
from db.schema import migrate_if_needed
from db.session import Database, DatabaseUnavailableError
from settings import Settings, SettingsError, get_settings
from workflows.inputs import Body
from workflows.temporal.client import connect, data_converter
from workflows.temporal.environment import connect_config
from workflows.temporal.processes import Process, processes
from workflows.temporal.target import TemporalTarget

ModelT = TypeVar("ModelT", bound=BaseModel)

# Who sends what is sent by hand; ids are unique within a source.
SOURCE = "cli"
# So that the whole id, with the entity's before it, stays within what the inbox takes.
LONGEST_KEY = MAX_WEBHOOK_ID - 60

# pydantic's own words are about patterns; these say what to do.
_REMEDIES = {
    "email": "give one address, such as ann@example.com",
    "phone": "give digits with the country's code, such as +49 30 901820",
}


class WrongInputError(Exception):
    """An argument is wrong; the text is one plain sentence for each, and does not repeat values."""


def parsed(
    make_parser: Callable[[], argparse.ArgumentParser],
    argv: Sequence[str],
    name: str,
    work: Callable[[Settings, argparse.Namespace], Coroutine[Any, Any, int]],
) -> int:
    """Do the work of a command that is for one of the processes, if there is any; as `run`."""
    if not processes():
        print("There is no process yet: raw new process makes one.", file=sys.stderr)
        return 2
    arguments = make_parser().parse_args(argv)
    return run(name, lambda settings: work(settings, arguments))


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
    except (DatabaseUnavailableError, UnknownEntityError, FinalStatusError) as error:
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


def add_fields(parser: argparse.ArgumentParser, model: type[Body], *, without: str | None = None) -> None:
    """Add a flag for each field of a body, and --json for the whole of it."""
    for name, schema in _properties(model).items():
        if name != without:
            parser.add_argument(_flag(name), dest=f"field_{name}", metavar="VALUE", help=_help_of(schema))
    parser.add_argument("--json", metavar="FILE", help="the body as JSON in place of flags; -: standard input")


def given_fields(arguments: argparse.Namespace, model: type[Body]) -> dict[str, Any]:
    """Return what the flags, or --json, give of a body.

    Raises:
        WrongInputError: a file cannot be read, or holds no JSON object, or a value is none.
    """
    given = vars(arguments)
    flags = {name: str(value) for name in model.model_fields if (value := given.get(f"field_{name}")) is not None}
    if arguments.json is None:
        return {name: _value(name, text, _properties(model)[name]) for name, text in flags.items()}
    if flags:
        raise WrongInputError(f"--json is the whole body: leave out {', '.join(map(_flag, flags))}.")
    try:
        found = json.loads(read_text("--json", arguments.json))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise WrongInputError("--json is wrong: the file holds no JSON object.")
    return found


def _properties(model: type[Body]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = model.model_json_schema()["properties"]
    return found


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _is_text(schema: Mapping[str, Any]) -> bool:
    return any(one.get("type") == "string" or "enum" in one for one in (schema, *schema.get("anyOf", ())))


def _help_of(schema: Mapping[str, Any]) -> str:
    words = str(schema.get("description") or "").rstrip(".")
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    kind = schema.get("format") or ("text; @FILE reads it from a file" if _is_text(schema) else "JSON")
    return (f"{words} ({kind})" if words else str(kind)).replace("%", "%%")


def _value(name: str, text: str, schema: Mapping[str, Any]) -> Any:
    if _is_text(schema):
        return read_text(_flag(name), text[1:]) if text.startswith("@") else text
    try:
        return json.loads(text)
    except ValueError:
        raise WrongInputError(f"{_flag(name)} is wrong: give JSON, such as 3, true or [1, 2].") from None


def read_text(name: str, file: str) -> str:
    """Return the text of a file, or of standard input for "-".

    Raises:
        WrongInputError: it cannot be read, or is no text in UTF-8.
    """
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise WrongInputError(f"{name} is wrong: the file is not plain text in UTF-8; convert it.") from None
    except OSError as error:
        raise WrongInputError(f"{name} is wrong: the file cannot be read ({error.strerror}).") from None


def checked(model: type[ModelT], values: Mapping[str, Any]) -> tuple[ModelT, bytes]:
    """Return the values as the API would take them, and the body that would have brought them.

    Raises:
        WrongInputError: a value is wrong.
    """
    body = json.dumps(dict(values), sort_keys=True)
    try:
        return model.model_validate_json(body), body.encode()
    except ValidationError as error:
        lines = []
        for fault in error.errors(include_url=False, include_context=False, include_input=False):
            field = str(fault["loc"][0]) if fault["loc"] else ""
            if fault["type"] == "missing":
                lines.append(f"{_flag(field)} is missing.")
                continue
            words = _REMEDIES.get(field, fault["msg"]).rstrip(".")
            lines.append(f"{_flag(field)} is wrong: {words[:1].lower()}{words[1:]}.")
        raise WrongInputError("\n".join(lines)) from None


def id_of(text: str) -> uuid.UUID:
    """Return an entity's id.

    Raises:
        WrongInputError: it is none.
    """
    try:
        return uuid.UUID(text)
    except ValueError:
        raise WrongInputError("ID is wrong: give the id that `start` printed.") from None


def process_named(name: str) -> Process:
    """Return a process.

    Raises:
        WrongInputError: there is none of this name.
    """
    if (process := processes().get(name)) is None:
        there = f"there is {', '.join(processes())}" if processes() else "there is none yet: raw new process makes one"
        raise WrongInputError(f"PROCESS is wrong: there is no process {name!r:.60}; {there}.")
    return process


def address(settings: Settings, process: Process, entity_id: object) -> str:
    """Return where the entity is shown, as a webhook's answer says it."""
    base = settings.public_url
    return f"{base.rstrip('/') if base else ''}/{entity_type(process.entity).plural}/{entity_id}"


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
