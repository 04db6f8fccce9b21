"""The trace that a run belongs to, as a W3C `traceparent`: taken from the caller, passed on, and written down.

The runtime knows no more of tracing: whoever calls it makes the spans, and sets TRACEPARENT or calls `use`.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "TRACEPARENT"
_FORM = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


@contextmanager
def use(traceparent: str | None) -> Iterator[None]:
    """Let the runs that start in this context belong to a trace; None: to that of the environment, if any."""
    token = _current.set(traceparent)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> str | None:
    """Return the `traceparent` for a run that starts now; None if there is none, or the variable holds none."""
    found = _current.get() or os.environ.get(VARIABLE, "")
    return found if _FORM.fullmatch(found) else None


def variables() -> dict[str, str]:
    """Return what a process of the run that starts now finds in its environment."""
    traceparent = current()
    return {} if traceparent is None else {VARIABLE: traceparent}
