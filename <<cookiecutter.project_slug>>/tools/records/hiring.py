"""Candidates, and the calls with them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.records.reader import RecordsError, found, key_of, read_one, shown

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["CallRecord", "CandidateRecord", "call", "candidate"]


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


def candidate(id: str) -> CandidateRecord:  # noqa: A002
    """Return one candidate.

    Raises:
        RecordsError: there is none of this id, or the database could not be read.
    """
    key = key_of("candidate", id)

    async def read(session: AsyncSession) -> CandidateRecord | None:
        from db.repositories import candidates

        row = await candidates.get(session, key)
        if row is None:
            return None
        return CandidateRecord(str(row.id), row.name, row.email, row.phone, row.position, row.cv_text)

    return found("candidate", id, read_one(read))


def call(candidate_id: str, call_sid: str | None = None) -> CallRecord:
    """Return one call with a candidate, or the newest that has a transcript if none is named.

    Raises:
        RecordsError: there is none, it has no transcript, or the database could not be read.
    """
    key = key_of("candidate", candidate_id)

    async def read(session: AsyncSession) -> CallRecord | None:
        from db.repositories import calls

        if call_sid:
            row = await calls.get(session, key, call_sid)
        else:
            row = await calls.latest_with_transcript(session, key)
        if row is None:
            return None
        return CallRecord(str(row.candidate_id), row.call_sid, row.status, row.created_at.date(), row.transcript)

    record = read_one(read)
    if record is None or not record.transcript:
        which = f"the call {shown(call_sid)}" if call_sid else "a call"
        raise RecordsError(f"There is no transcript of {which} with candidate {shown(candidate_id)} in the database.")
    return record
