"""`raw new webhook`: one more way for a signal to come in, from a sender of its own.

A signal that the process does not know is no matter of new files: what the process does with it is written by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raw_runtime.cli.options import Option
from raw_runtime.errors import UsageError
from scaffold.house import House
from scaffold.kinds import Kind
from scaffold.kinds.process import refuse_taken_path
from scaffold.names import LONGEST_WORD, Name, name_of, shown
from scaffold.plan import Plan
from scaffold.rendering import render


def plan(house: House, process: str, name: str, options: Mapping[str, str]) -> Plan:
    """Return the plan of a webhook that tells a process a signal.

    Raises:
        UsageError: there is no such process or signal, or the name does not do, or is taken.
    """
    values = values_of(house, process, name, options)
    paths = {"PROCESS": values["process"].module, "WEBHOOK": values["webhook"].module}
    title = f"webhook {values['webhook']} of {values['process']}"
    return Plan.of(title, render("webhook", values, paths), ("raw gates --all",))


def values_of(house: House, process: str, name: str, options: Mapping[str, str]) -> dict[str, Any]:
    """Return what the templates of a webhook say of it.

    process, webhook and signal: Name. entity: the type of the entity that the process is about. told: Told, how the
    signal comes in so far.

    Raises:
        UsageError: there is no such process or signal, or the name does not do, or is taken.
    """
    names = {module.replace("_", "-"): module for module in house.processes}
    if process not in names:
        known = ", ".join(names) or "none yet: raw new process makes one"
        raise UsageError(f"PROCESS {shown(process)} is not there. There are: {known}.")
    webhook = name_of(name, "NAME", LONGEST_WORD)
    refuse_taken_path(house, f"/webhooks/{webhook}", f"NAME {str(webhook)!r}")
    told = house.told(names[process])
    signal = options.get("--signal", name)
    if signal not in told:
        known = ", ".join(told) or "none"
        missing = "" if "--signal" in options else "--signal is missing: "
        raise UsageError(
            f"{missing}{process} has no signal {shown(signal)}. It has: {known}. What a process does with a new signal "
            f"is written by hand, in workflows/temporal/{names[process]}_process.py."
        )
    return {
        "process": Name(process),
        "webhook": webhook,
        "signal": Name(signal),
        "entity": house.entity_of(names[process]),
        "told": told[signal],
    }


KIND = Kind(
    tells="one more sender of a signal that a process waits for",
    usage="PROCESS NAME [--signal S]",
    example="raw new webhook order-fulfilment bank-transfer --signal payment-received",
    plan=plan,
    options=(Option("--signal", "NAME"),),
    names=2,
)
