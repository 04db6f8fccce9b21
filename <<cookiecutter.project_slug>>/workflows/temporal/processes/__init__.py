"""The processes: each module here that has a `PROCESS` is one. Whoever adds a module has registered it.

Worker, outbox, commands, demo and validation know a process by this alone.
"""

from __future__ import annotations

import uuid
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from workflows.temporal.processes.kinds import Incoming, Process, Start

__all__ = ["Incoming", "Process", "Start", "check_settings", "process_of", "process_of_target", "processes"]

_ID_LENGTH = len(str(uuid.UUID(int=0)))


@lru_cache(maxsize=1)
def processes() -> dict[str, Process]:
    """Return the processes by their names.

    Raises:
        ValueError: two have the same.
    """
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    found = [module.PROCESS for module in modules if hasattr(module, "PROCESS")]
    names = {process.name: process for process in found}
    if len(names) < len(found):
        taken = sorted(process.name for process in found)
        raise ValueError(f"Of the processes in workflows/temporal/processes, two have one name: {taken}.")
    return names


def process_of_target(target: str) -> Process | None:
    """Return the process that a Temporal workflow id belongs to; None if none does."""
    return processes().get(target[: -_ID_LENGTH - 1])


def process_of(entity_type: str) -> Process | None:
    """Return the process of a type of entity; None if it has none."""
    return next((process for process in processes().values() if process.entity == entity_type), None)


def check_settings() -> None:
    """Read the settings of every process.

    Raises:
        SettingsError: one is wrong.
    """
    for process in processes().values():
        process.make_input(str(uuid.UUID(int=0)), False)
