"""Which category a submission belongs to, and how sure that is."""

from __future__ import annotations

import re

from submission_cues import CUES, FORM_HINTS
from submission_models import Category, CategoryScore, Reason

from tools import prose

# When two are as strong, the first is what a team would rather see: a complaint about an invoice is a complaint.
_ORDER: tuple[Category, ...] = (
    "privacy", "complaint", "job", "billing", "support", "sales", "partnership", "feedback", "spam", "other",
)  # fmt: skip
_LEAST = 1.0
_LINK = re.compile(r"https?://|\bwww\.", re.I)


def score_categories(form: str, subject: str, text: str) -> list[CategoryScore]:
    """Return the categories that anything speaks for, the strongest first.

    Every kind of phrase counts once, however often it is repeated; in the subject it counts half as much again.
    """
    found: list[CategoryScore] = []
    for category, cues in CUES.items():
        score, reasons = 0.0, []
        for weight, pattern in cues:
            in_subject = pattern.search(subject)
            match = in_subject or pattern.search(text)
            if match:
                score += weight * (1.5 if in_subject else 1.0)
                reasons.append(Reason(reason=f"speaks of {category}", quote=quote(match)))
        if category == "spam" and (links := len(_LINK.findall(text))) >= 3:
            score += 1.5
            reasons.append(Reason(reason="many links", quote=f"{links} links"))
        for pattern, hinted in FORM_HINTS:
            if hinted == category and pattern.search(form):
                score += 1.5
                reasons.append(Reason(reason="the form's name", quote=prose.shorten(form, 60)))
        if score:
            found.append(CategoryScore(category=category, score=score, reasons=reasons))
    return sorted(found, key=lambda c: (-c.score, _ORDER.index(c.category)))


def choose(scores: list[CategoryScore]) -> tuple[Category, float, list[Reason]]:
    """Return the category, the confidence from 0 to 1, and the reasons; little evidence gives "other"."""
    if not scores or scores[0].score < _LEAST:
        return "other", 0.3 if not scores else 0.2, []
    best = scores[0]
    second = scores[1].score if len(scores) > 1 else 0.0
    # Sure when much speaks for it, and little for the next one.
    confidence = min(1.0, best.score / 4) * (1 - 0.5 * second / best.score)
    return best.category, round(min(0.99, max(0.1, confidence)), 2), best.reasons[:5]


def quote(match: re.Match[str]) -> str:
    """Return the words matched and a few around them, contact data masked."""
    return prose.quote(match.string, match.start(), match.end(), around=30)
