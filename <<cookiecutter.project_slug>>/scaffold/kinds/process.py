"""`raw new process`: a Temporal workflow about an entity, from the webhook that starts it to its tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from raw_runtime.cli.options import Option
from raw_runtime.errors import UsageError
from scaffold.house import House
from scaffold.kinds import Kind
from scaffold.kinds import entity as of_entity
from scaffold.names import LONGEST_WORD, Name, list_of, name_of
from scaffold.plan import Plan
from scaffold.rendering import render

# What every process has: its queries, its stages and ends, and the words of the command line.
_COMMON = frozenset(
    {"status", "cancel", "cancellation", "run", "start", "stage", "result", "signal", "query", "update"}
)
_STAGES = frozenset({"started", "received", "in-progress", "completed", "cancelled", "expired", "failed"})
_WORDS = frozenset({"process", "entity", "record", "event", "events"})
RESERVED = _COMMON | _STAGES | _WORDS
MOST = 12


@dataclass(frozen=True)
class Source:
    """What tells the process a signal: a webhook, or, by the signal's own name, a person.

    `name` is the last word of its path, /webhooks/<name> or /<plural>/<id>/<name>.
    """

    name: Name
    signal: Name
    is_webhook: bool


def plan(house: House, name: str, options: Mapping[str, str]) -> Plan:
    """Return the plan of a process with its entity.

    Raises:
        UsageError: a name, a field, a signal or a webhook does not do, or is taken.
    """
    values = values_of(house, name, options)
    process: Name = values["process"]
    paths = of_entity.in_paths(values) | {"PROCESS": process.module}
    files = render("entity", values, paths) | render("process", values, paths)
    if house.has_api:
        files |= render("process-api", values, paths)
    histories = tuple(f"{process}-{ending}" for ending in endings(values["signals"]))
    return Plan.of(f"process {process}", files, ("python -m db migrate", "raw gates --all"), histories)


def endings(signals: tuple[Name, ...]) -> tuple[str, ...]:
    """Return the ends whose histories are recorded, as PROCESS_histories.py has them."""
    expired = (f"expired-without-{signal}" for signal in signals)
    return ("completed", "completed-reminded", *expired, "cancelled", "cancelled-by-temporal", "failed")


def values_of(house: House, name: str, options: Mapping[str, str]) -> dict[str, Any]:
    """Return what the templates of a process say of it.

    Beside those of its entity: process: Name. signals: Name, in their order. sources: Source, one a signal. email: the
    field that the process writes to. sample_json: what starts one, as JSON.

    Raises:
        UsageError: a name, a field, a signal or a webhook does not do, or is taken.
    """
    process = name_of(name, "NAME")
    if process.module in house.processes:
        raise UsageError(f"NAME {name!r} is taken, by {house.processes[process.module]}: take another name.")
    if "--entity" not in options:
        raise UsageError(f"--entity is missing: say what {process.article} is about, such as --entity order.")
    values = of_entity.values_of(house, options["--entity"], "--entity", options)
    entity: Name = values["entity"]
    if process == entity:
        raise UsageError(f"NAME {name!r} is the entity's name too: call the process {process}-handling, or the like.")
    addresses = of_entity.fields_named(values["fields"], "email")
    if not addresses:
        raise UsageError("--fields has no email, which the process writes to: add email:email.")
    signals = _signals(house, options.get("--signals"))
    return {
        **values,
        "process": process,
        "signals": signals,
        "sources": _sources(house, options.get("--webhooks"), signals, entity),
        "email": addresses[0].name,
        "sample_json": json.dumps({field.name: json.loads(field.value) for field in values["fields"]}),
    }


def _signals(house: House, text: str | None) -> tuple[Name, ...]:
    if text is None:
        raise UsageError("--signals is missing: say what the process waits for, such as --signals payment-received.")
    signals = tuple(name_of(word, "--signals", LONGEST_WORD) for word in list_of(text, "--signals"))
    if len(signals) > MOST:
        raise UsageError(f"--signals names {len(signals)} signals, of at most {MOST}: make two processes.")
    for signal in signals:
        if signal in RESERVED or signal.module in house.signals_of_base:
            raise UsageError(f"--signals {str(signal)!r} is what every process has. Take another, such as {signal}-in.")
    return signals


def _sources(house: House, text: str | None, signals: tuple[Name, ...], entity: Name) -> tuple[Source, ...]:
    """Pair webhooks with signals, in their order; what is left of these is for people to say."""
    names = _webhooks(house, text, signals, entity)
    said = signals[len(names) :]
    if taken := next((signal for signal in said if signal in (*names, entity)), None):
        raise UsageError(f"--signals {str(taken)!r} has no webhook, and another one has its name. Rename one.")
    return (
        *(Source(webhook, signal, True) for webhook, signal in zip(names, signals, strict=False)),
        *(Source(signal, signal, False) for signal in said),
    )


def _webhooks(house: House, text: str | None, signals: tuple[Name, ...], entity: Name) -> list[Name]:
    if house.has_api:
        refuse_taken_path(house, f"/webhooks/{entity}", f"--entity {str(entity)!r}")
    if text is None:
        return []
    if not house.has_api:
        raise UsageError(
            "--webhooks needs an API, which this system has not: leave it out, and send signals by hand "
            "(the template's answer needs_webhooks=yes gives one)."
        )
    names = [name_of(word, "--webhooks", LONGEST_WORD) for word in list_of(text, "--webhooks")]
    if len(names) > len(signals):
        raise UsageError(
            f"--webhooks names {len(names)}, and --signals {len(signals)}: each webhook tells the process one signal, "
            "in their order. Name as many signals."
        )
    for webhook in names:
        if webhook == entity:
            raise UsageError(f"--webhooks {str(webhook)!r} is the webhook that starts the process. Take another name.")
        if webhook == "cancellation":
            raise UsageError("--webhooks 'cancellation' is what every process has. Take another name.")
        refuse_taken_path(house, f"/webhooks/{webhook}", f"--webhooks {str(webhook)!r}")
    return names


def refuse_taken_path(house: House, path: str, argument: str) -> None:
    """See to it that a path is served by nobody.

    Raises:
        UsageError: it is; the sentence says by which file.
    """
    if path in house.pages:
        raise UsageError(f"{argument}: the path {path} is taken, by {house.pages[path]}. Take another name.")


KIND = Kind(
    tells="a Temporal workflow about an entity of its own, which waits for signals",
    usage="NAME --entity ENTITY --signals S,... [--webhooks W,...] [--fields F] [--plural P]",
    example="raw new process order-fulfilment --entity order --signals payment-received,shipped",
    plan=plan,
    options=(
        Option("--entity", "NAME"),
        Option("--signals", "NAME,..."),
        Option("--webhooks", "NAME,..."),
        of_entity.FIELDS,
        of_entity.PLURAL,
    ),
)
