"""Records by id, through a connection that the database itself keeps from writing."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

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
