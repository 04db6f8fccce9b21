"""The process's transitions, in the entity's timeline and status."""

from __future__ import annotations

from temporalio import activity

from db.repositories import entities, timeline
from db.session import Database
from workflows.temporal.activities.entities import gone, whose
from workflows.temporal.contracts import Activity, Record


class RecordActivities:
    """Activities that write down what happened."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name=Activity.RECORD)
    async def record(self, record: Record) -> None:
        """Add the event once, and set the status with it; a final status stays."""
        entity = whose(record)
        async with self._database.session() as session:
            if not await entities.exists(session, *entity):
                raise gone(entity)
            added = await timeline.add_once(session, *entity, record.event, record.detail, key=record.key)
            if added and record.status is not None:
                await entities.set_status(session, *entity, record.status)
