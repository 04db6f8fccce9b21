"""What one check came to. Only the standard library is imported here: the command itself starts at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

# Begins each line that the checking process means for us; workflow code, or the SDK, may print lines of its own.
MARK = "\x1e"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: of what kind, of what, whether it holds, and in words what was found.

    `details` are further lines for a person; `advice` is what to do about it, told once however often it is meant.
    """

    kind: str
    subject: str
    ok: bool
    words: str = ""
    details: tuple[str, ...] = ()
    advice: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return {**asdict(self), "details": list(self.details)}


@dataclass(frozen=True, slots=True)
class Doing:
    """What the checking process begins now, to be told if it does not survive it."""

    words: str


def encode(message: Check | Doing) -> str:
    """Return the line that stands for a message."""
    given = message.to_dict() if isinstance(message, Check) else {"doing": message.words}
    return MARK + json.dumps(given)


def decode(line: str) -> Check | Doing | None:
    """Return the message of a line; None for a line of somebody else's."""
    if not line.startswith(MARK):
        return None
    given: Mapping[str, Any] = json.loads(line.removeprefix(MARK))
    if "doing" in given:
        return Doing(given["doing"])
    return Check(**{**given, "details": tuple(given["details"])})
