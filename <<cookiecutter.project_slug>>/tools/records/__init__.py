"""Reads the system's database for RAW workflows, at the edge: in `run()`, never inside a step.

It can only read. Nothing but this package is imported until a record is asked for. In run.py write
`from tools import records`. A module beside this file adds records of its own: what its `__all__` names is found here
too, as `records.NAME`.
"""

from typing import Any

from tools.records.edge import completed
from tools.records.reader import RecordsError, SubmissionRecord, entity, submission
from tools.records.walk import History, histories

__all__ = ["History", "RecordsError", "SubmissionRecord", "completed", "entity", "histories", "submission"]

_OWN = {"edge", "reader", "walk"}


def __getattr__(name: str) -> Any:
    """Look a name up in the modules beside this file, which are imported only then."""
    from importlib import import_module
    from pkgutil import iter_modules

    for found in iter_modules(__path__):
        if found.name not in _OWN and not found.ispkg and not name.startswith("_"):
            module = import_module(f"{__name__}.{found.name}")
            if name in getattr(module, "__all__", ()):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
