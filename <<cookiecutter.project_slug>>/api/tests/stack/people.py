"""Candidates who apply, each under an address of their own."""

from __future__ import annotations

import uuid
from typing import Any

from settings import ROOT

_CV = (ROOT / ".raw/workflows/analyze-cv/mocks/junior.txt").read_text(encoding="utf-8")


def application() -> dict[str, Any]:
    """Return the body of an application that is good enough for a call."""
    tag = uuid.uuid4().hex[:12]
    return {
        "name": f"Person {tag}",
        "email": f"{tag}@people.example.com",
        "phone": "+49 30 901820",
        "position": "Backend engineer",
        "cv_text": _CV,
    }
