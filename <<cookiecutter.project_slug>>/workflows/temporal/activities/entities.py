"""Entities, as activities look them up."""

from __future__ import annotations

import uuid
from typing import NamedTuple, TypeVar

from temporalio.exceptions import ApplicationError

from db.base import EntityRow
from db.repositories import entities
from db.session import Database
from workflows.temporal.contracts import OfEntity

RowT = TypeVar("RowT", bound=EntityRow)


class Whose(NamedTuple):
    """An entity, by its type and id."""

    type: str
    id: uuid.UUID


def whose(given: OfEntity) -> Whose:
    """Return the entity that an activity is asked about."""
    return Whose(given.entity_type, uuid.UUID(given.entity_id))


def gone(entity: Whose) -> ApplicationError:
    """Return the error for an entity that was erased: nothing more can be done, however often it is tried."""
    return ApplicationError(f"There is no {entity.type} {entity.id}.", type="EntityGone", non_retryable=True)


async def find(database: Database, model: type[RowT], given: OfEntity) -> RowT:
    """Return an entity's row.

    Raises:
        ApplicationError: EntityGone, not tried again.
        DatabaseUnavailableError: later perhaps.
    """
    async with database.session(read_only=True) as session:
        row = await session.get(model, uuid.UUID(given.entity_id))
    if row is None:
        raise gone(whose(given))
    return row


async def check(database: Database, entity: Whose) -> None:
    """Whoever was erased is not looked for again and again by what must fail.

    Raises:
        ApplicationError: EntityGone, not tried again.
        DatabaseUnavailableError: later perhaps.
    """
    async with database.session(read_only=True) as session:
        if not await entities.exists(session, entity.type, entity.id):
            raise gone(entity)
