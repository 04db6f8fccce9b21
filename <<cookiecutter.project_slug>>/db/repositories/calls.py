"""Telephone calls with candidates. Transcripts stay here: who needs one reads it by the call's id."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.dialects import insert
from db.entities.candidate import CALL_FINAL, Call
from db.types import new_id, utc_now


async def record(
    session: AsyncSession,
    *,
    candidate_id: uuid.UUID,
    call_sid: str,
    status: str,
    transcript: str = "",
    now: datetime | None = None,
) -> bool:
    """Store what is known of a call, whatever comes late.

    A final status stays, none goes back to queued, and a transcript is not emptied.

    Returns:
        Whether there is a transcript of the call now, from this event or an earlier one.
    """
    now = now or utc_now()
    row = insert(session, Call).values(
        id=new_id(),
        candidate_id=candidate_id,
        call_sid=call_sid,
        status=status,
        transcript=transcript,
        created_at=now,
        updated_at=now,
    )
    new = row.excluded
    has_transcript = await session.scalar(
        row.on_conflict_do_update(
            index_elements=["candidate_id", "call_sid"],
            set_={
                # Whoever placed the call may write "queued" after its ringing was heard of.
                "status": case(
                    (Call.status.in_(CALL_FINAL), Call.status), (new.status == "queued", Call.status), else_=new.status
                ),
                "transcript": case((new.transcript == "", Call.transcript), else_=new.transcript),
                "updated_at": now,
            },
        ).returning(Call.transcript != "")
    )
    return bool(has_transcript)


async def get(session: AsyncSession, candidate_id: uuid.UUID, call_sid: str) -> Call | None:
    """Return one call, or None."""
    return await session.scalar(select(Call).where(Call.candidate_id == candidate_id, Call.call_sid == call_sid))


async def latest_with_transcript(session: AsyncSession, candidate_id: uuid.UUID) -> Call | None:
    """Return the candidate's newest call that has a transcript, or None."""
    return await session.scalar(
        select(Call)
        .where(Call.candidate_id == candidate_id, Call.transcript != "")
        .order_by(Call.created_at.desc(), Call.id.desc())
        .limit(1)
    )


async def sids_of_others(session: AsyncSession, candidate_id: uuid.UUID, since: datetime) -> list[str]:
    """Return the calls that were first heard of since a time, of all candidates but one, by the provider's ids."""
    query = select(Call.call_sid).where(Call.created_at >= since, Call.candidate_id != candidate_id)
    return list(await session.scalars(query))
