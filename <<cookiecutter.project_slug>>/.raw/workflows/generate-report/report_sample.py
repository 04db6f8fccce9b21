"""Invented entities around a given day, so that a report can be looked at before there is data."""

from __future__ import annotations

import datetime as dt
import random

from report_models import Event, Row
from report_words import Words

_FIRST = ("Mara", "Tomasz", "Ines", "Adaeze", "Leo", "Yasmin", "Ishaan", "Friederike")
_LAST = ("Example", "Sample", "Muster", "Specimen", "Placeholder")
_LOST = 0.16  # of those that are under way to a stage


def sample_rows(words: Words, now: dt.datetime, count: int = 160) -> list[Row]:
    """Return the same rows for the same `now`: eight weeks of them, the last ones of this day."""
    chance = random.Random(20240604)  # noqa: S311 - sample data, always the same
    first, *later = words.stages
    rows: list[Row] = []
    for number in range(count):
        # More of them lately, and a few today.
        age = 0.0 if number < 6 else 56 * chance.random() ** 1.4
        created = now - dt.timedelta(days=age, hours=2 + number if number < 6 else 0)
        events = [Event(at=created, event=first.name)]
        status, at = first.sample.status or first.name, created
        for stage in later:
            at += dt.timedelta(hours=stage.sample.hours * chance.uniform(0.3, 2.2))
            if at > now:
                break
            if chance.random() < _LOST and (lost := stage.sample.lost):
                status = lost
                events.append(Event(at=at, event=status))
                break
            status = stage.sample.status or stage.name
            events.append(Event(at=at, event=stage.name))
        rows.append(
            Row(
                id=f"{words.sample.id}-{number + 1:04d}",
                name=f"{chance.choice(_FIRST)} {chance.choice(_LAST)}" if words.people else None,
                status=status,
                group=chance.choice(words.sample.groups) if words.group else "",
                created_at=created,
                updated_at=events[-1].at,
                events=events,
            )
        )
    return rows
