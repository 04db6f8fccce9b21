"""Which gates to run, and in which form: the command, its fallback, or a skip that says why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from raw_runtime.errors import UsageError
from raw_runtime.gates.environment import missing, refuse_own_call, remedy_for
from raw_runtime.gates.model import SKIP, Fallback, Gate, GateConfig, GateResult
from raw_runtime.plain import did_you_mean
from raw_runtime.project import Project

NEEDS_ENVIRONMENT = "needs the project's environment"
MAKE_ENVIRONMENT = "uv sync"


@dataclass(frozen=True, slots=True)
class Plan:
    """How to run a gate: `command` as it will run, `note` worth telling of a pass; or `skip`, if it will not."""

    command: str = ""
    note: str = ""
    skip: GateResult | None = None


def select(
    config: GateConfig, project: Project, names: Iterable[str] = (), *, every: bool = False, static: bool = False
) -> list[Gate]:
    """Return the gates to run, each once: the named ones, else the default ones.

    `every` adds all optional ones; `static` (without names) adds those that need no environment.

    Raises:
        UsageError: a name is unknown, or a gate runs around this process already.
    """
    wanted = list(dict.fromkeys(names)) or list(config.default)
    for name in wanted:
        if name not in config.gates:
            raise UsageError(f"No gate is called {name!r}.{did_you_mean(name, config.gates)}")
    named = list(wanted) if names else []
    wanted += [
        name
        for name, gate in config.gates.items()
        if name not in wanted and not gate.builtin and (every or (static and gate.static and not named))
    ]
    refuse_own_call(project, wanted)
    return [config.gates[name] for name in wanted]


def make_plan(gate: Gate, project: Project, *, static: bool = False) -> Plan:
    """Decide how the gate can run here."""
    if static and not gate.static:
        return Plan(skip=_skip(gate, NEEDS_ENVIRONMENT, MAKE_ENVIRONMENT))
    lacks: list[tuple[str, str]] = []
    form: Gate | Fallback | None = gate
    while form is not None:
        found = _first_missing(form.requires, project)
        if found is None:
            return Plan(form.command, note=f"by its fallback: {lacks[0][1]}" if lacks else "")
        lacks.append(found)
        form = form.fallback
    reasons = "; for its fallback, ".join(reason for _, reason in lacks)
    return Plan(skip=_skip(gate, reasons, " or ".join(remedy_for(requirement) for requirement, _ in lacks)))


def _first_missing(requires: tuple[str, ...], project: Project) -> tuple[str, str] | None:
    for requirement in requires:
        if reason := missing(requirement, project):
            return requirement, reason
    return None


def _skip(gate: Gate, reason: str, remedy: str) -> GateResult:
    return GateResult(gate.name, SKIP, reason=reason, command=gate.command, remedy=remedy)
