"""`raw gates --list`: which gates there are, and how each would run here."""

from __future__ import annotations

from typing import Any

from raw_runtime.gates.model import Gate, GateConfig
from raw_runtime.gates.plan import make_plan
from raw_runtime.plain import clean
from raw_runtime.project import Project


def describe_gates(config: GateConfig, project: Project, *, static: bool) -> list[dict[str, Any]]:
    """Return one mapping a gate: name, default, static, timeout_seconds, command and how it would run here."""
    return [_describe(gate, config, project, static=static) for gate in config.gates.values()]


def listing(config: GateConfig, project: Project, *, static: bool) -> str:
    """Return the gates as an aligned table."""
    rows = [("Gate", "Runs", "Limit", "What")]
    for entry in describe_gates(config, project, static=static):
        limit = "-" if entry["builtin"] else f"{entry['timeout_seconds']:g} s"
        what = clean(entry["command"]).strip().replace("\n", "; ")
        here = f"  ({entry['here']})" if entry["here"] else ""
        rows.append((entry["gate"], "always" if entry["default"] else "--all", limit, what + here))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}".rstrip() for row in rows
    )


def _describe(gate: Gate, config: GateConfig, project: Project, *, static: bool) -> dict[str, Any]:
    plan = make_plan(gate, project, static=static)
    here = plan.note
    if plan.skip is not None:
        here = f"skipped here: {plan.skip.reason}; {plan.skip.remedy}"
    own = {"validate": "raw validate", "dry": "raw run ID --dry, for each RAW workflow"}
    return {
        "gate": gate.name,
        "default": gate.name in config.default,
        "builtin": gate.builtin,
        "static": gate.static,
        "timeout_seconds": None if gate.builtin else gate.timeout_seconds,
        "command": own.get(gate.name) or plan.command or gate.command,
        "here": here,
    }
