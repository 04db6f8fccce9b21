"""`raw new entity`: a table with its model, migration, repository and tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from raw_runtime.cli.options import Option
from raw_runtime.errors import UsageError
from scaffold.fields import DEFAULT, Field, fields_of
from scaffold.house import House
from scaffold.kinds import Kind
from scaffold.names import Name, entity_of
from scaffold.plan import Plan
from scaffold.rendering import render

# Every entity begins in the first, and once in one of FINAL it stays there.
STATUSES = ("received", "in_progress")
FINAL = ("completed", "cancelled", "expired", "failed")


def plan(house: House, name: str, options: Mapping[str, str]) -> Plan:
    """Return the plan of an entity.

    Raises:
        UsageError: a name or a field does not do, or is taken.
    """
    values = values_of(house, name, "NAME", options)
    files = render("entity", values, in_paths(values))
    return Plan.of(f"entity {name}", files, ("python -m db migrate", "raw gates --all"))


def values_of(house: House, name: str, argument: str, options: Mapping[str, str]) -> dict[str, Any]:
    """Return what the templates of an entity say of it.

    entity and plural: Name. fields: Field, in their order; types: which kinds of fields there are; label: the field
    by which people know one, None if no field is. number and after: of its migration and the one before. statuses and
    final: str. created: an ISO time, in UTC. has_api: whether others call it over HTTP.

    Raises:
        UsageError: a name or a field does not do, or is taken.
    """
    entity, plural = entity_of(name, options.get("--plural"), argument)
    refuse_taken(house, entity, plural, argument)
    fields = fields_of(options.get("--fields", DEFAULT), entity.module)
    after, number = house.newest_migration()
    return {
        "entity": entity,
        "plural": plural,
        "fields": fields,
        "types": {field.type for field in fields},
        "label": _label(fields),
        "statuses": STATUSES,
        "final": FINAL,
        "number": number,
        "after": after,
        "created": datetime.now(UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00"),
        "has_api": house.has_api,
    }


def in_paths(values: Mapping[str, Any]) -> dict[str, str]:
    """Return what stands for the capital words in the paths of templates."""
    return {
        "ENTITY": values["entity"].module,
        "PLURAL": values["plural"].module,
        "NUMBER": values["number"],
    }


def refuse_taken(house: House, entity: Name, plural: Name, argument: str) -> None:
    """See to it that no entity, table or page has the name.

    Raises:
        UsageError: one has; the sentence says which file it is in.
    """
    if entity.module in house.entities:
        raise UsageError(f"{argument} {str(entity)!r} is taken, by {house.entities[entity.module]}: take another name.")
    if plural.module in house.tables:
        raise UsageError(
            f"{argument} {str(entity)!r}: the table {plural.module} is taken, by {house.tables[plural.module]}. "
            "Take another name, or another --plural."
        )
    if (path := f"/{plural}") in house.pages:
        raise UsageError(
            f"{argument} {str(entity)!r}: the path {path} is taken, by {house.pages[path]}. "
            "Take another name, or another --plural."
        )


def _label(fields: tuple[Field, ...]) -> str | None:
    """Return the first text, else the first e-mail address."""
    found = [*fields_named(fields, "text"), *fields_named(fields, "email")]
    return found[0].name if found else None


def fields_named(fields: tuple[Field, ...], type_: str) -> list[Field]:
    """Return the fields of one kind."""
    return [field for field in fields if field.type == type_]


FIELDS, PLURAL = Option("--fields", "NAME:TYPE,..."), Option("--plural", "NAME")

KIND = Kind(
    tells="a table: model, migration, repository, tests",
    usage="NAME [--fields F] [--plural P]",
    example="raw new entity order",
    plan=plan,
    options=(FIELDS, PLURAL),
)
