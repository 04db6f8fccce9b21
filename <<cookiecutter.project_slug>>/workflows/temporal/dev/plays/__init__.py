"""What the demo plays: each module here has the `cast` of a process, and the `CLOCK` by which its days last seconds."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from workflows.temporal.dev.mails import Mails
from workflows.temporal.dev.stories import Play


def _modules() -> list[Any]:
    return [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]


def clock() -> dict[str, str]:
    """Return the variables that shorten the waits of every process."""
    return {name: value for module in _modules() for name, value in module.CLOCK.items()}


def cast(mails: Mails) -> list[Play]:
    """Return all plays; `mails` is where their mails arrive."""
    return [play for module in _modules() for play in module.cast(mails)]
