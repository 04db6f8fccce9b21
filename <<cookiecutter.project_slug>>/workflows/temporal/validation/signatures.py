"""Registrations and signatures: what workflows ask for is there, under one name, and takes one pydantic argument."""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel
from temporalio import activity, workflow

from workflows.temporal.contracts import Activity
from workflows.temporal.validation.imports import activity_names
from workflows.temporal.validation.model import Check

# The SDK tells of no decorated class or function but through these two, its own.
_ActivityDefinition = activity._Definition
_WorkflowDefinition = workflow._Definition


def type_name(kind: type) -> str:
    """Return the name of a workflow type; of a class that is none, the class's."""
    definition = _WorkflowDefinition.from_class(kind)
    return kind.__name__ if definition is None or definition.name is None else str(definition.name)


def check_types(kinds: Sequence[type]) -> Check:
    """Check that all are workflows, each with a name of its own."""
    faults = [
        f"{kind.__name__} has no @workflow.defn." for kind in kinds if _WorkflowDefinition.from_class(kind) is None
    ]
    faults += _doubles("workflow type", map(type_name, kinds))
    return _check("types", "registry", faults, ", ".join(map(type_name, kinds)))


def named_activities(kinds: Iterable[type]) -> list[str]:
    """Return the names that contracts give activities.

    Those that every process may use are in `contracts.Activity`; a process's own are in an enum of its contracts whose
    name ends so too, which its workflow's module imports.
    """
    own = [
        enum
        for kind in kinds
        for enum in vars(sys.modules[kind.__module__]).values()
        if isinstance(enum, type) and issubclass(enum, StrEnum) and enum.__name__.endswith(Activity.__name__)
    ]
    return [str(name) for enum in dict.fromkeys([Activity, *own]) for name in enum]


def check_activities(
    registered: Sequence[Callable[..., Any]], kinds: Sequence[type], root: Path, known: Iterable[str]
) -> Check:
    """Check that workers register exactly the activities that the contracts name, and workflows start no others."""
    names = [_activity_name(one) for one in registered]
    named = {str(name) for name in known}
    faults = _doubles("activity", names)
    faults += [
        f"The contracts name the activity {name!r}, which the registry does not have: who starts it waits for ever."
        for name in sorted(named - set(names))
    ]
    faults += [
        f"The registry has the activity {name!r}, which is in no enum `...Activity` of the contracts."
        for name in sorted(set(names) - named)
    ]
    for module in dict.fromkeys(kind.__module__ for kind in kinds):
        faults += [
            f"{module}, line {line}, starts the activity {name!r}, which is not registered."
            for name, line in activity_names(module, root)
            if name not in names
        ]
    return _check("activities", "registry", faults, f"{len(names)} registered, as the contracts name them")


def check_activity_signatures(registered: Sequence[Callable[..., Any]]) -> Check:
    """Check that each activity takes one pydantic argument and says what it returns."""
    faults = [fault for one in registered for fault in _faults(_activity_name(one), one, needs_argument=True)]
    return _check("signatures", "activities", faults, "one pydantic argument each")


def check_workflow_signatures(kind: type) -> Check:
    """Check run, signals, queries and updates of a workflow."""
    definition = _WorkflowDefinition.must_from_class(kind)
    faults = list(_faults("run", definition.run_fn, needs_argument=True))
    for name, signal in definition.signals.items():
        faults += _faults(f"signal {_name(name)}", signal.fn, needs_argument=True)
    for name, query in definition.queries.items():
        faults += _faults(f"query {_name(name)}", query.fn, needs_argument=False)
    for name, update in definition.updates.items():
        faults += _faults(f"update {_name(name)}", update.fn, needs_argument=True)
    names = [*definition.signals, *definition.queries, *definition.updates]
    found = ", ".join(["run", *sorted(map(_name, names))])
    return _check("signatures", type_name(kind), faults, found)


def check_signals(name: str, kind: type, sent: Iterable[tuple[str, type]]) -> Check:
    """Check that the signals that are sent to a process are those that its workflow takes, name and argument.

    Args:
        name: of the process.
        kind: its workflow.
        sent: name and argument's type of each signal that the outbox delivers.
    """
    taken = {
        _name(signal): (definition.arg_types or [type(None)])[0]
        for signal, definition in _WorkflowDefinition.must_from_class(kind).signals.items()
    }
    given = dict.fromkeys((str(signal), model) for signal, model in sent)
    named = {signal for signal, _ in given}
    faults = [
        f"The process is sent the signal {signal!r}, which its workflow does not take: it would change nothing."
        for signal in sorted(named - set(taken))
    ]
    faults += [
        f"The workflow takes the signal {signal!r}, which is in no `Incoming` of the process: nobody sends it."
        for signal in sorted(set(taken) - named)
    ]
    faults += [
        f"The signal {signal} is sent with {model.__name__}, and is taken with {taken[signal].__name__}."
        for signal, model in given
        if signal in taken and model is not taken[signal]
    ]
    return _check("signals", name, faults, ", ".join(sorted(taken)))


def _faults(what: str, function: Callable[..., Any], *, needs_argument: bool) -> Iterator[str]:
    try:
        hints: Mapping[str, Any] = get_type_hints(function)
    except (NameError, TypeError) as error:
        yield f"{what}: its annotations cannot be read ({error})."
        return
    given = [name for name in inspect.signature(function).parameters if name != "self"]
    if len(given) > 1 or (needs_argument and not given):
        yield f"{what} takes {len(given)} arguments: give it exactly one, a pydantic model, which can grow."
    for name in given:
        kind = hints.get(name)
        if kind is None:
            yield f"{what}: its argument {name} has no annotation."
        elif not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            yield f"{what}: its argument {name} is no pydantic model."
    if "return" not in hints:
        yield f"{what} does not say what it returns."


def _activity_name(one: Callable[..., Any]) -> str:
    definition = _ActivityDefinition.from_callable(one)
    return getattr(one, "__name__", repr(one)) if definition is None else _name(definition.name)


def _name(name: Any) -> str:
    return "(dynamic)" if name is None else str(name)


def _doubles(what: str, names: Iterable[str]) -> list[str]:
    return [f"The {what} {name!r} is registered {count} times." for name, count in Counter(names).items() if count > 1]


def _check(kind: str, subject: str, faults: Sequence[str], found: str) -> Check:
    if not faults:
        return Check(kind, subject, ok=True, words=found)
    return Check(kind, subject, ok=False, words=faults[0], details=tuple(faults[1:]))
