"""What the rest of the system needs to know of a type of entity."""

from __future__ import annotations

from dataclasses import dataclass

from db.base import EntityRow


@dataclass(frozen=True, slots=True)
class EntityType:
    """One type of entity.

    Attributes:
        name: such as "submission"; it stands in `entity_type` of every row about one.
        model: its table.
        final: the statuses that no entity leaves.
        label: the column by which people know a row; None: by its id.
        group: the column by which reports group rows; None: they do not.
    """

    name: str
    model: type[EntityRow]
    final: tuple[str, ...]
    label: str | None = None
    group: str | None = None

    @property
    def plural(self) -> str:
        """The name of its table with hyphens, which is its place in URLs: /submissions."""
        return str(self.model.__tablename__).replace("_", "-")  # type: ignore[attr-defined]
