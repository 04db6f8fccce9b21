"""Invented candidates around a given day, so that a report can be looked at before there is data."""

from __future__ import annotations

import datetime as dt
import random

from report_models import Event, Row

_POSITIONS = ("Backend Engineer", "Data Engineer", "Support Agent", "Warehouse Lead")
_FIRST = ("Mara", "Tomasz", "Ines", "Adaeze", "Leo", "Yasmin", "Ishaan", "Friederike")
_LAST = ("Example", "Sample", "Muster", "Specimen", "Placeholder")
_STEPS = ("received", "analysed", "scheduled", "called", "decided", "completed")


def sample_rows(now: dt.datetime, count: int = 160) -> list[Row]:
    """Return the same rows for the same `now`: eight weeks of candidates, the last ones of this day."""
    chance = random.Random(20240604)  # noqa: S311 - sample data, always the same
    rows: list[Row] = []
    for number in range(count):
        # More of them lately, and a few today.
        age = 0.0 if number < 6 else 56 * chance.random() ** 1.4
        created = now - dt.timedelta(days=age, hours=2 + number if number < 6 else 0)
        events = [Event(at=created, event="received")]
        status, at = "received", created
        for step in _STEPS[1:]:
            at += dt.timedelta(
                hours={"analysed": 0.05, "scheduled": 30, "called": 52, "decided": 20, "completed": 6}[step]
                * chance.uniform(0.3, 2.2)
            )
            if at > now:
                break
            fate = chance.random()
            if fate < 0.16:
                status = {
                    "analysed": "rejected",
                    "scheduled": "expired",
                    "called": "no_show",
                    "decided": "rejected",
                }.get(step, "withdrawn")
                events.append(Event(at=at, event=status))
                break
            status = step
            events.append(Event(at=at, event=step))
        rows.append(
            Row(
                id=f"cand-{number + 1:04d}",
                name=f"{chance.choice(_FIRST)} {chance.choice(_LAST)}",
                status={"scheduled": "awaiting_call", "called": "awaiting_decision"}.get(status, status),
                position=chance.choice(_POSITIONS),
                created_at=created,
                updated_at=events[-1].at,
                events=events,
            )
        )
    return rows
