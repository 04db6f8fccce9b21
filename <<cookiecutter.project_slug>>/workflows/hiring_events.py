"""What is stored of each event of a candidate, and what the hiring process is told of it, whichever way it came in."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from db.entities.candidate import CALL_FINAL
from db.repositories import calls
from db.repositories.events import EntityEvent
from workflows.hiring_inputs import CalendarIn, CallCompletedIn, DecisionIn, WithdrawalIn

CALENDAR = "calendar"
CALL_COMPLETED = "call-completed"
# Twilio's callbacks have ids of their own, made from the call and its status.
TWILIO = "twilio"
DECISION = "decision"
WITHDRAWAL = "withdrawal"


def target(candidate_id: uuid.UUID) -> str:
    """Return the id of the candidate's Temporal workflow."""
    return f"hiring-{candidate_id}"


def calendar_event(event_id: str, body: bytes, given: CalendarIn) -> EntityEvent:
    """Return what is stored of a call that was scheduled, rescheduled or cancelled."""
    detail: dict[str, Any] = {"type": given.type}
    if given.call_time is not None:
        detail["call_time"] = given.call_time.isoformat()
    return EntityEvent(
        entity_type="candidate",
        entity_id=given.candidate_id,
        source=CALENDAR,
        event_id=event_id,
        body=body,
        name=f"call_{given.type}",
        detail=detail,
        target=target(given.candidate_id),
    )


def call_event(source: str, event_id: str, body: bytes, given: CallCompletedIn) -> EntityEvent:
    """Return what is stored of a call's status, and how the call itself is; only its end is signalled."""

    async def write(session: AsyncSession) -> Mapping[str, Any]:
        has_transcript = await calls.record(
            session,
            candidate_id=given.candidate_id,
            call_sid=given.call_sid,
            status=given.status,
            transcript=given.transcript,
        )
        return {"transcript": has_transcript}

    return EntityEvent(
        entity_type="candidate",
        entity_id=given.candidate_id,
        source=source,
        event_id=event_id,
        body=body,
        name="call_status",
        detail={"call_sid": given.call_sid, "status": given.status},
        target=target(given.candidate_id) if given.status in CALL_FINAL else None,
        write=write,
    )


def decision_event(candidate_id: uuid.UUID, key: str, body: bytes, given: DecisionIn, by: str) -> EntityEvent:
    """Return what is stored of a person's decision, once under its key; `by` names who may decide."""
    return _of_person(DECISION, candidate_id, key, body, {"decision": given.decision, "by": by}, given.note)


def withdrawal_event(candidate_id: uuid.UUID, key: str, body: bytes, given: WithdrawalIn, by: str) -> EntityEvent:
    """Return what is stored of a candidate's withdrawal, once under its key; `by` names who says so."""
    return _of_person(WITHDRAWAL, candidate_id, key, body, {"by": by}, given.note)


def _of_person(
    source: str, candidate_id: uuid.UUID, key: str, body: bytes, detail: Mapping[str, str], note: str
) -> EntityEvent:
    return EntityEvent(
        entity_type="candidate",
        entity_id=candidate_id,
        source=source,
        event_id=f"{candidate_id}:{key}",
        body=body,
        name=source,
        detail=detail,
        target=target(candidate_id),
        note=note,
        must_be_open=True,
    )
