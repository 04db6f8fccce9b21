"""The types of entities: each module here that has an `ENTITY` is one. Whoever adds a module has registered it."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import MetaData

from db.base import Base, EntityRow
from db.entities.kinds import EntityType

__all__ = ["EntityType", "entity_type", "entity_types", "metadata", "type_of"]


@lru_cache(maxsize=1)
def entity_types() -> dict[str, EntityType]:
    """Return the types by their names.

    Raises:
        ValueError: two have the same.
    """
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    found = [module.ENTITY for module in modules if hasattr(module, "ENTITY")]
    types = {kind.name: kind for kind in found}
    if len(types) < len(found):
        raise ValueError(f"Of the types in db/entities, two have one name: {sorted(kind.name for kind in found)}.")
    return types


def entity_type(name: str) -> EntityType:
    """Return one type.

    Raises:
        KeyError: there is none of this name.
    """
    return entity_types()[name]


def type_of(model: type[EntityRow]) -> EntityType:
    """Return the type whose table this is.

    Raises:
        KeyError: it is no type's.
    """
    for kind in entity_types().values():
        if kind.model is model:
            return kind
    raise KeyError(model.__name__)


def metadata() -> MetaData:
    """Return every table of the system."""
    import_module("db.models")
    entity_types()
    return Base.metadata
