"""Records by id, through a connection that the database itself keeps from writing."""

from __future__ import annotations

import asyncio
import datetime as dt
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


@dataclass(frozen=True, slots=True)
class CandidateRecord:
    """What a candidate sent."""

    id: str
    name: str
    email: str
    phone: str
    position: str
    cv_text: str


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call with a candidate that has a transcript; `day` is the day it was first heard of, in UTC."""

    candidate_id: str
    call_sid: str
    status: str
    day: dt.date
    transcript: str


def submission(id: str) -> SubmissionRecord:  # noqa: A002
    """Return one submission.

    Raises:
        RecordsError: there is none of this id, or the database could not be read.
    """
    key = _key("submission", id)

    async def read(session: AsyncSession) -> SubmissionRecord | None:
        from db.repositories import submissions

        row = await submissions.get(session, key)
        return SubmissionRecord(str(row.id), row.form, row.email, row.text) if row else None

    return _found("submission", id, _ask(read))


def candidate(id: str) -> CandidateRecord:  # noqa: A002
    """Return one candidate.

    Raises:
        RecordsError: there is none of this id, or the database could not be read.
    """
    key = _key("candidate", id)

    async def read(session: AsyncSession) -> CandidateRecord | None:
        from db.repositories import candidates

        row = await candidates.get(session, key)
        if row is None:
            return None
        return CandidateRecord(str(row.id), row.name, row.email, row.phone, row.position, row.cv_text)

    return _found("candidate", id, _ask(read))


def call(candidate_id: str, call_sid: str | None = None) -> CallRecord:
    """Return one call with a candidate, or the newest that has a transcript if none is named.

    Raises:
        RecordsError: there is none, it has no transcript, or the database could not be read.
    """
    key = _key("candidate", candidate_id)

    async def read(session: AsyncSession) -> CallRecord | None:
        from db.repositories import calls

        if call_sid:
            row = await calls.get(session, key, call_sid)
        else:
            row = await calls.latest_with_transcript(session, key)
        if row is None:
            return None
        return CallRecord(str(row.candidate_id), row.call_sid, row.status, row.created_at.date(), row.transcript)

    found = _ask(read)
    if found is None or not found.transcript:
        which = f"the call {_shown(call_sid)}" if call_sid else "a call"
        raise RecordsError(f"There is no transcript of {which} with candidate {_shown(candidate_id)} in the database.")
    return found


def _key(kind: str, text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise RecordsError(f"There is no {kind} {_shown(text)}: an id looks like {uuid.UUID(int=0)}.") from None


def _found(kind: str, text: str, record: _ResultT | None) -> _ResultT:
    if record is None:
        raise RecordsError(f"There is no {kind} {_shown(text)} in the database.")
    return record


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def _ask(read: Callable[[AsyncSession], Awaitable[_ResultT]]) -> _ResultT:
    """Run one read to its end, in a session of its own."""
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
