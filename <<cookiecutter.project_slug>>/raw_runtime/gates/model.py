"""What a gate is, and what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

PASS = "PASS"  # noqa: S105 - a state, no password
FAIL = "FAIL"
SKIP = "SKIP"

BUILTIN = ("validate", "dry")
DEFAULT_TIMEOUT = 300.0


@dataclass(frozen=True, slots=True)
class Fallback:
    """What runs instead when the gate's own requirements are missing, if its own are there; else its own fallback."""

    command: str
    requires: tuple[str, ...] = ()
    fallback: Fallback | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate.

    `command` goes to /bin/sh -c in the project's root ("" for the built-in two); `timeout_seconds` is wall-clock
    time; each of `requires` is an executable, `module:NAME` or `runs:COMMAND`; `static` says that it
    needs nothing but a Python: no environment, no installed package.
    """

    name: str
    command: str = ""
    timeout_seconds: float = DEFAULT_TIMEOUT
    requires: tuple[str, ...] = ()
    fallback: Fallback | None = None
    static: bool = False

    @property
    def builtin(self) -> bool:
        """True for validate and dry."""
        return self.name in BUILTIN


@dataclass(frozen=True, slots=True)
class GateConfig:
    """The gates of a project: names that run by default, and every gate by name, in the order of the file.

    `notes` are sentences about parts of the file that have no effect.
    """

    default: tuple[str, ...]
    gates: dict[str, Gate]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateResult:
    """What one gate came to.

    `status` is PASS, FAIL or SKIP; `exit_code` is the command's own, 124 when its time ran out, 130 when it
    was interrupted, None when nothing ran; `reason` says why it failed or was skipped (or what is worth
    knowing of a pass) and `remedy` what to do about a skip; `log` is relative to the project's root.
    """

    gate: str
    status: str
    duration_seconds: float = 0.0
    exit_code: int | None = None
    reason: str = ""
    log: str | None = None
    command: str = ""
    remedy: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return {**asdict(self), "duration_seconds": round(self.duration_seconds, 3)}


@dataclass(slots=True)
class Build:
    """One go of the gates: its id, where its files are, and what came of it, in the order of the gates."""

    id: str
    folder: str
    results: list[GateResult] = field(default_factory=list)
    duration_seconds: float = 0.0
    interrupted: bool = False

    def count(self, status: str) -> int:
        """Return how many gates ended so."""
        return count(self.results, status)

    @property
    def ok(self) -> bool:
        """True when no gate failed and nobody interrupted."""
        return not self.count(FAIL) and not self.interrupted

    def to_dict(self, verdict: str) -> dict[str, Any]:
        """Return the document that `--json` prints and `result.json` holds."""
        return {
            "build_id": self.id,
            "ok": self.ok,
            "verdict": verdict,
            "passed": self.count(PASS),
            "failed": self.count(FAIL),
            "skipped": self.count(SKIP),
            "interrupted": self.interrupted,
            "duration_seconds": round(self.duration_seconds, 3),
            "folder": self.folder,
            "gates": [result.to_dict() for result in self.results],
        }


def count(results: Sequence[GateResult], status: str) -> int:
    """Return how many of the results have this status."""
    return sum(result.status == status for result in results)
