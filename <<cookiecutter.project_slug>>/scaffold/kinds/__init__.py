"""The kinds of parts: each module here that has a `KIND` is one, under its own name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import NamedTuple

from raw_runtime.cli.options import Option
from scaffold.plan import Plan


class Kind(NamedTuple):
    """One kind.

    Attributes:
        tells: what it makes, in a few words.
        usage: its names and options, as the help shows them.
        example: a whole command.
        plan: given the House, the names and the options, returns the plan, or raises UsageError.
        options: which ones it takes, beside --dry-run.
        names: how many names it takes.
    """

    tells: str
    usage: str
    example: str
    plan: Callable[..., Plan]
    options: tuple[Option, ...] = ()
    names: int = 1


def kinds() -> dict[str, Kind]:
    """Return the kinds by their names."""
    modules = {module.name: import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)}
    return {name: module.KIND for name, module in modules.items() if hasattr(module, "KIND")}
