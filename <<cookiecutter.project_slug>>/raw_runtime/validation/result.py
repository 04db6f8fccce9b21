"""What the validator found, and how it reads."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

ERROR = "error"
WARNING = "warning"
SUGGESTION = "suggestion"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or could be better.

    `level` is error, warning or suggestion; `rule` is the short id that `# raw: allow RULE` names; `file` is
    relative to the workflow's folder; `line` counts from 1, 0 when it is about the whole file; the comment
    may stand on any line up to `end_line`. `verbatim` marks upstream's own sentences, kept word for word.
    """

    level: str
    rule: str
    file: str
    line: int
    message: str
    remedy: str = ""
    end_line: int = 0
    verbatim: bool = False

    @property
    def place(self) -> str:
        """`file:line`, or the file alone."""
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def text(self) -> str:
        """The finding in one line: upstream's sentence as it is, ours with place, remedy and rule."""
        if self.verbatim:
            return self.message
        return f"{self.place}: {self.message}{' ' + self.remedy if self.remedy else ''} [{self.rule}]"

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain JSON values."""
        return {
            "level": self.level,
            "rule": self.rule,
            "file": self.file,
            "line": self.line or None,
            "message": self.message,
            "remedy": self.remedy,
        }


@dataclass(slots=True)
class ValidationResult:
    """The outcome for one workflow: `success` means no errors; the three lists are readable lines.

    `findings` holds the same, in the same order, with file, line and rule apart.
    """

    success: bool
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    suggestions: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @classmethod
    def of(cls, findings: list[Finding]) -> ValidationResult:
        """Sort findings into a result: errors first, each group in the order found."""
        order = [f for level in (ERROR, WARNING, SUGGESTION) for f in findings if f.level == level]
        texts = {level: [f.text for f in order if f.level == level] for level in (ERROR, WARNING, SUGGESTION)}
        return cls(not texts[ERROR], texts[ERROR], texts[WARNING], texts[SUGGESTION], order)

    def format(self) -> str:
        """Return the verdict and the lists as plain text (no markup)."""
        lines = ["✓ Validation passed" if self.success else "✗ Validation failed"]
        for title, texts in (
            ("Errors", self.errors),
            ("Warnings", self.warnings),
            ("Suggestions", self.suggestions),
        ):
            if texts:
                lines += ["", f"{title}:", *(f"  • {text}" for text in texts)]
        return "\n".join(lines)

    def print(self) -> None:
        """Print `format()`; a character that the terminal cannot show becomes a question mark."""
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        sys.stdout.write(self.format().encode(encoding, "replace").decode(encoding) + "\n")
