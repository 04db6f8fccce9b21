"""What `raw doctor` and `raw show tools` ask of a tool.

Its doctor.py has `SETTINGS`, the class of its settings; `state(settings)`, which looks at them only; and the coroutine
`check(settings)`, which really tries: within 10 s, without a lasting effect on the other side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class State:
    """Whether a tool is set up; `detail` says which service, default or fault, without a secret.

    "configured": a service is named; "default": it needs none; "broken": its settings are wrong.
    """

    kind: Literal["configured", "default", "broken"]
    detail: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: `ok`, what was seen, and, when not ok, the remedy; plain sentences without secrets."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
