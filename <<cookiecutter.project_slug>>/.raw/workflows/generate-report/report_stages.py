"""The stages of hiring, and which statuses and events belong to each. Adapt this table to your process."""

from __future__ import annotations

import functools
import re

STAGES: tuple[tuple[str, str], ...] = (
    ("received", "received created new pending submitted cv_received cv_submitted analysing"),
    (
        "analysed",
        "analysed analyzed analysis_complete cv_analysed cv_analyzed qualified shortlisted awaiting_schedule",
    ),
    (
        "scheduled",
        (
            "scheduled call_scheduled rescheduled call_rescheduled reminded reminder_sent awaiting_call "
            "awaiting_call_time calling awaiting_retry"
        ),
    ),
    (
        "called",
        (
            "called call_completed call_done interviewed summarising summarised summarized call_summarised "
            "awaiting_decision"
        ),
    ),
    ("decided", "decided decision approved accepted offer offer_sent"),
    ("completed", "completed complete hired"),
)
FINAL: tuple[str, ...] = ("completed", "rejected", "expired", "no_show", "withdrawn", "failed")

_ALIASES = {alias: stage for stage, aliases in STAGES for alias in aliases.split()}
_FINAL_ALIASES = {"complete": "completed", "hired": "completed", "declined": "rejected", "cancelled": "withdrawn"}
ORDER = {stage: index for index, (stage, _) in enumerate(STAGES)}


def normal(word: str) -> str:
    """Return a status or event in lower case with underscores: "No-Show" is "no_show"."""
    return re.sub(r"[\s\-./]+", "_", word.strip().lower())[:60]


@functools.lru_cache(maxsize=4096)
def stage_of(word: str) -> str | None:
    """Return the stage that a status or event belongs to, None when it belongs to none."""
    return _ALIASES.get(normal(word))


@functools.lru_cache(maxsize=4096)
def final_of(word: str) -> str | None:
    """Return the final status that the word means, None when the candidate is still in progress."""
    plain = normal(word)
    plain = _FINAL_ALIASES.get(plain, plain)
    return plain if plain in FINAL else None
