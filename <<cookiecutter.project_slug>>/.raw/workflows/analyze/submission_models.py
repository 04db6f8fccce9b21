"""Params, results, and what the steps of analyze hand to each other."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from tools import prose

SAMPLE_TEXT = """\
Hello,

my order NW-20417 from 3 June 2024 arrived with a cracked lid, and the invoice shows 2 x 49.90 EUR although
I ordered one jar. Could you send a replacement and correct the invoice by Friday? It is a birthday present.

Kind regards
Jo
"""

Category = Literal[
    "sales", "support", "billing", "complaint", "job", "partnership", "feedback", "privacy", "spam", "other"
]
Urgency = Literal["low", "normal", "high", "critical"]
EntityKind = Literal["order", "invoice", "ticket", "customer", "date", "amount"]


class SubmissionParams(BaseModel):
    """Sort a form submission: category, urgency, language, summary, entities."""

    id: prose.Text = Field(default="sample", description="Correlation id, echoed in the result")
    form: prose.Text = Field(default="contact", description="Which form it came through; its name is a hint")
    email: prose.Text = Field(default="jo@example.com", description="The sender; not used in the result")
    subject: prose.Text = Field(default="", description="Subject line, if the form has one")
    text: prose.Text = Field(default=SAMPLE_TEXT, description="What the person wrote")


class SubmissionInput(BaseModel):
    """What is analysed: the person's own words, without quoted mails and the signature, bounded."""

    form: str
    subject: str
    text: str
    truncated: bool


class Reason(BaseModel):
    """Why: what was recognised, and the words (contact data masked)."""

    reason: str
    quote: str


class CategoryScore(BaseModel):
    """How much speaks for a category, in points."""

    category: Category
    score: float
    reasons: list[Reason]


class Entity(BaseModel):
    """Something named in the text. `value` is its normal form: an ISO date, "49.90 EUR"; None when unclear."""

    kind: EntityKind
    text: str
    value: str | None


class Analysis(BaseModel):
    """What the text is about."""

    category: Category
    confidence: float = Field(ge=0, le=1)
    reasons: list[Reason]
    alternatives: list[Category]
    urgency: Urgency
    urgency_reasons: list[Reason]
    language: str
    language_confidence: float
    summary: str
    entities: list[Entity]


class Answered(BaseModel):
    """The analysis, and who made it."""

    analysis: Analysis
    answered_by: str
    answer_reason: str


class SubmissionResult(Analysis):
    """The outcome, with the correlation id."""

    id: str
    form: str
    truncated: bool
    answered_by: str
    answer_reason: str
