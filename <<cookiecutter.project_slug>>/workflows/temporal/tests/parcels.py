"""Parcels: a type of entity and its process, known to the system for as long as a test wants it, as others are."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from sqlalchemy import Column, MetaData, Table, Uuid
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped

from db.base import Base, EntityRow, status_rules
from db.entities import EntityType, entity_types
from db.repositories import entities
from db.repositories.events import EntityEvent
from db.session import Database
from workflows.inputs import Body, text
from workflows.temporal.processes import Incoming, Process, Start, processes
from workflows.temporal.tests.parcel_workflow import PARCEL_PROCESS, ParcelInput, ParcelProcess, Recall, Scan

FINAL = ("arrived", "lost", "returned", "failed")
# What no error may tell: words that occur nowhere else.
LABEL = "Quillfeather Zachariasson, Xylographer in Snoring-on-Sea, quill.zach@example.org, +49 30 9018220"
PRIVATE = ("Quillfeather", "quill.zach", "9018220", "Xylographer", "Snoring")


class _Apart(DeclarativeBase):
    """Tables that are not the system's: its migrations must not miss them."""

    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    type_annotation_map = Base.type_annotation_map


Table("entities", _Apart.metadata, Column("id", Uuid, primary_key=True))


class Parcel(EntityRow, _Apart):
    """A parcel and its label."""

    __tablename__ = "parcels"
    __table_args__ = status_rules("parcels", ("received", "in_progress", *FINAL))

    label: Mapped[str]


class ParcelIn(Body):
    """A parcel that is sent."""

    label: Annotated[str, text(200)]


class ScanIn(Body):
    """Where a parcel was seen."""

    parcel_id: uuid.UUID
    place: Annotated[str, text(100)]


class RecallIn(Body):
    """The sender wants it back."""

    note: str = ""


def _scan(_: uuid.UUID, key: str, body: bytes, given: ScanIn, by: str) -> EntityEvent:  # noqa: ARG001
    return EntityEvent(
        entity_type="parcel",
        entity_id=given.parcel_id,
        source="scan",
        event_id=key,
        body=body,
        name="scanned",
        detail={"place": given.place},
        target=f"parcel-{given.parcel_id}",
    )


def _recall(parcel_id: uuid.UUID, key: str, body: bytes, given: RecallIn, by: str) -> EntityEvent:
    return EntityEvent(
        entity_type="parcel",
        entity_id=parcel_id,
        source="recall",
        event_id=f"{parcel_id}:{key}",
        body=body,
        name="recalled",
        detail={"by": by},
        target=f"parcel-{parcel_id}",
        note=given.note,
        must_be_open=True,
    )


ENTITY = EntityType("parcel", Parcel, final=FINAL, label="label")
PROCESS = Process(
    name="parcel",
    entity="parcel",
    workflow=PARCEL_PROCESS,
    load=lambda: ParcelProcess,
    make_input=lambda parcel_id, attributes: ParcelInput(
        entity_type="parcel", entity_id=parcel_id, search_attributes=attributes
    ),
    activities=lambda _: [],
    start=Start("parcel", ParcelIn, lambda given: Parcel(status="received", label=given.label)),
    incoming=(
        Incoming("scan", ScanIn, _scan, "scan", Scan, id_field="parcel_id"),
        Incoming("recall", RecallIn, _recall, "recall", Recall),
    ),
)


@contextmanager
def known_parcels() -> Iterator[None]:
    """Let the system know parcels and their process."""
    entity_types()[ENTITY.name], processes()[PROCESS.name] = ENTITY, PROCESS
    try:
        yield
    finally:
        del entity_types()[ENTITY.name], processes()[PROCESS.name]


async def make_table(url: Database) -> None:
    """Make the table, unless it is there."""
    async with url.engine.begin() as connection:
        await connection.run_sync(_Apart.metadata.create_all)


async def add_parcel(session: AsyncSession) -> str:
    """Store a parcel; return its id."""
    return str((await entities.add(session, Parcel(status="received", label=LABEL))).id)
