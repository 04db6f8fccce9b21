"""What every table stands on: names for constraints, column types, and what belongs to an entity.

An entity is what the system is about, such as a submission: a row of `entities`, and a row of the table of its type
under the same id. What is kept about it refers to the former, so a new type of entity is a new table and nothing else;
to erase an entity is to delete its row of `entities`, and everything goes with it.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, MetaData, String, Uuid, text
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from db.types import CleanJSON, CleanText, UTCDateTime, new_id, utc_now


def one_of(column: str, values: tuple[str, ...], name: str) -> CheckConstraint:
    """Return the rule that a column holds one of these words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


def where(condition: str) -> dict[str, Any]:
    """Return the options of an index of only the rows that the condition holds for."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Base(DeclarativeBase):
    """Names every constraint, since what has no name cannot be migrated."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: CleanText,
        datetime: UTCDateTime,
        uuid.UUID: Uuid,
        dict[str, Any]: CleanJSON,
        list[str]: CleanJSON,
    }


class Entity(Base):
    """An entity of any type; what is kept about it refers to this row, and goes with it."""

    __tablename__ = "entities"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(32))


def _entity_key() -> ForeignKey:
    """Return the key to an entity, checked at the commit, so that a transaction writes its rows in any order."""
    return ForeignKey("entities.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED")


class EntityRow:
    """Columns of the table of a type of entity; `result` is what RAW workflows made of it, by their names."""

    @declared_attr
    def id(cls) -> Mapped[uuid.UUID]:  # noqa: N805
        """The entity's id."""
        return mapped_column(_entity_key(), primary_key=True, default=new_id)

    status: Mapped[str] = mapped_column(String(16))
    result: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


def status_rules(table: str, statuses: tuple[str, ...]) -> tuple[CheckConstraint | Index, ...]:
    """Return what holds of the status in an entity's table, and the index by which lists of one status are read."""
    return one_of("status", statuses, "status"), Index(f"ix_{table}_status_id", "status", "id")


class OfEntity:
    """Columns of a row that belongs to an entity, and goes when that is erased."""

    entity_type: Mapped[str] = mapped_column(String(32))

    @declared_attr
    def entity_id(cls) -> Mapped[uuid.UUID]:  # noqa: N805
        """The entity's id."""
        return mapped_column(_entity_key())

    @classmethod
    def belongs_to(cls, entity_id: uuid.UUID) -> ColumnElement[bool]:
        """Return the condition for the rows of one entity."""
        return cls.entity_id == entity_id
