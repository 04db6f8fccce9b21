"""`raw new report`: the words and stages by which `generate-report` reports on a type of entity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raw_runtime.errors import UsageError
from scaffold.house import House
from scaffold.kinds import Kind
from scaffold.names import Name, shown
from scaffold.plan import Plan
from scaffold.rendering import render

REPORTS = ".raw/workflows/generate-report/entities"


def plan(house: House, entity: str, options: Mapping[str, str]) -> Plan:  # noqa: ARG001 - it takes none
    """Return the plan of a report on a type of entity that is there.

    Raises:
        UsageError: there is no such type, or this system makes no reports.
    """
    values = values_of(house, entity)
    name = values["entity"].module
    files = render("report", values, {"ENTITY": name})
    return Plan.of(f"report on {values['plural'].words}", files, (f"raw run generate-report --entity {name}",))


def values_of(house: House, entity: str) -> dict[str, Any]:
    """Return what the template of a report says of it.

    entity and plural: Name. stages: str, in order, the last being the good end. final: str, the good end first.
    is_default: whether it is reported on when no entity is named.

    Raises:
        UsageError: there is no such type, or this system makes no reports.
    """
    if not (house.root / REPORTS).is_dir():
        raise UsageError(
            "raw new report: this system makes no reports. Render the template with scheduled_reports=yes."
        )
    given, entity = entity, entity.replace("-", "_")
    if entity not in house.entities:
        known = ", ".join(house.entities)
        raise UsageError(f"ENTITY {shown(given)} is not there. There are: {known}; raw new entity makes another.")
    open_, final = house.statuses_of(entity)
    if not open_ or not final:
        raise UsageError(f"{house.entities[entity]} has no FINAL and STATUSES, which a report needs: add them.")
    # Of a process its stages, which the timeline says; else the statuses.
    stages = [stage for stage in house.stages_of(entity) if stage not in final] or list(open_[1:])
    others = (house.root / REPORTS).glob("*.json")
    return {
        "entity": Name(entity.replace("_", "-")),
        "plural": Name(house.plural_of(entity).replace("_", "-")),
        "stages": [open_[0], *stages, final[0]],
        "final": final,
        "is_default": not any('"default": true' in path.read_text(encoding="utf-8") for path in others),
    }


KIND = Kind(
    tells="the words and stages by which generate-report reports on an entity",
    usage="ENTITY",
    example="raw new report order",
    plan=plan,
)
