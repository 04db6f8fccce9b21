"""Records by id, through a connection that the database itself keeps from writing."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from db.entities import EntityType
    from db.session import Database

_ResultT = TypeVar("_ResultT")


class RecordsError(Exception):
    """There is no such record, or it could not be read; the text is one plain sentence."""


@dataclass(frozen=True, slots=True)
class SubmissionRecord:
    """What was sent in through a form."""

    id: str
    form: str
    email: str
    text: str


def submission(id: str) -> SubmissionRecord:  # noqa: A002
    """Return one submission.

    Raises:
        RecordsError: there is none of this id, or the database could not be read.
    """
    key = key_of("submission", id)

    async def read(session: AsyncSession) -> SubmissionRecord | None:
        from db.repositories import submissions

        row = await submissions.get(session, key)
        return SubmissionRecord(str(row.id), row.form, row.email, row.text) if row else None

    return found("submission", id, read_one(read))


def entity(name: str, id: str) -> dict[str, Any]:  # noqa: A002
    """Return one entity of any type, by the names of its columns; the id is text, all else as the model has it.

    `result` is what RAW workflows made of it so far, by their names; None before the first.

    Raises:
        RecordsError: there is no such type, none of this id, or the database could not be read.
    """
    model = kind_of(name).model
    key = key_of(name, id)

    async def read(session: AsyncSession) -> dict[str, Any] | None:
        row = await session.get(model, key)
        if row is None:
            return None
        columns = model.__mapper__.column_attrs.keys()  # type: ignore[attr-defined]
        return {**{column: getattr(row, column) for column in columns}, "id": str(row.id)}

    return found(name, id, read_one(read))


def kind_of(name: str) -> EntityType:
    """Return the type of this name.

    Raises:
        RecordsError: there is none.
    """
    from db.entities import entity_types

    known = entity_types()
    if name not in known:
        raise RecordsError(f"The database holds no {shown(name)}: its entities are {', '.join(sorted(known))}.")
    return known[name]


def key_of(kind: str, text: str) -> uuid.UUID:
    """Return the id that a text is.

    Raises:
        RecordsError: it is none.
    """
    try:
        return uuid.UUID(text)
    except ValueError:
        raise RecordsError(f"There is no {kind} {shown(text)}: an id looks like {uuid.UUID(int=0)}.") from None


def found(kind: str, text: str, record: _ResultT | None) -> _ResultT:
    """Return the record.

    Raises:
        RecordsError: it is None: there is none of this id.
    """
    if record is None:
        raise RecordsError(f"There is no {kind} {shown(text)} in the database.")
    return record


def shown(text: str) -> str:
    """Return a text for a message, in quotes and not too long."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def read_one(read: Callable[[AsyncSession], Awaitable[_ResultT]]) -> _ResultT:
    """Run one read to its end, in a session of its own.

    Raises:
        RecordsError: there is no database yet, or it could not be read.
    """
    answer: list[_ResultT] = []

    async def work(database: Database) -> None:
        async with database.session(read_only=True) as session:
            answer.append(await read(session))

    if not ask(work):
        raise RecordsError("There is no database yet: python -m db migrate makes it")
    return answer[0]


def ask(work: Callable[[Database], Awaitable[None]]) -> bool:
    """Do work with the database to its end, whether or not this thread has an event loop: it gets a thread of its own.

    Returns:
        Whether there is a database; False, with nothing done, where its SQLite file is not made yet.

    Raises:
        RecordsError: a setting is wrong, or the database is not available.
    """
    answer: list[bool] = []
    fault: list[BaseException] = []

    def run() -> None:
        try:
            answer.append(asyncio.run(_with_database(work)))
        except BaseException as error:
            fault.append(error)

    thread = threading.Thread(target=run, name="records", daemon=True)
    thread.start()
    thread.join()
    if fault:
        raise fault[0]
    return answer[0]


async def _with_database(work: Callable[[Database], Awaitable[None]]) -> bool:
    from db.session import Database, DatabaseUnavailableError
    from settings import SettingsError, get_settings

    try:
        settings = get_settings()
    except SettingsError as error:
        raise RecordsError(str(error)) from None
    if settings.uses_sqlite and not settings.sqlite_path.exists():
        return False
    database = Database(settings)
    try:
        await work(database)
    except DatabaseUnavailableError as error:
        raise RecordsError(str(error)) from error
    finally:
        await database.dispose()
    return True
