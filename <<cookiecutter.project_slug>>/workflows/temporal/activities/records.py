"""The process's transitions, in the candidate's timeline and status."""

from __future__ import annotations

import uuid

from temporalio import activity

from db.repositories import candidates, timeline
from db.session import Database
from workflows.temporal.activities.people import gone
from workflows.temporal.contracts import Activity, Record


class RecordActivities:
    """Activities that write down what happened."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name=Activity.RECORD)
    async def record(self, record: Record) -> None:
        """Add the event once, and set the status with it; a final status stays."""
        candidate_id = uuid.UUID(record.candidate_id)
        async with self._database.session() as session:
            if await candidates.status_of(session, candidate_id) is None:
                raise gone(record.candidate_id)
            added = await timeline.add_once(
                session, "candidate", candidate_id, record.event, record.detail, key=record.key
            )
            if added and record.status is not None:
                await candidates.set_status(session, candidate_id, record.status)
