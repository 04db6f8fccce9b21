"""What stands out in the figures, in words."""

from __future__ import annotations

from report_models import Comment, ReportData
from report_words import Words, words_of


def comment(data: ReportData) -> Comment:
    """Return one to five sentences: the heuristic that answers when no model does. No name of a person."""
    t, words = data.totals, words_of(data.entity)
    sentences = [f"{_told(t.received, words)} came in{_compared(t.received, t.received_before)}."]
    if t.finished:
        sentences.append(f"{_told(t.finished, words)} ended, {t.completed} of them {words.good.replace('_', ' ')}.")
    if t.median_days_to_finish is not None:
        sentences.append(f"Half of those that ended took {t.median_days_to_finish:.1f} days or less.")
    slow = max(data.time_in_stage, key=lambda s: s.median_hours, default=None)
    if slow is not None and slow.median_hours > 0:
        sentences.append(f'The longest stage was "{slow.stage}", with a median of {hours(slow.median_hours)}.')
    if t.stuck:
        verb = "is" if t.stuck == 1 else "are"
        sentences.append(f"{_told(t.stuck, words)} {verb} stuck, not moved for more than {data.stuck_days:g} days.")
    return Comment(sentences=sentences)


def hours(value: float) -> str:
    """Return a length of time in the unit that suits it: minutes, hours or days."""
    if value < 1:
        return f"{value * 60:.0f} min"
    return f"{value:.1f} h" if value < 48 else f"{value / 24:.1f} days"


def _told(n: int, words: Words) -> str:
    return f"{n or 'No'} {words.many if n > 1 else words.one}"


def _compared(now: int, before: int) -> str:
    if now == before:
        return ", as many as in the period before" if now else ", as in the period before"
    return f", {abs(now - before)} {'more' if now > before else 'fewer'} than in the period before"
