#!/usr/bin/env python3
# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "pydantic>=2.0",
#   "rich>=13.0",
# ]
# ///
"""Sort a form submission: category, urgency, language, summary, and what it names."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

# The project's root, for `tools`, when nothing is installed; last, so that it hides nothing that is.
if (root := str(Path(__file__).resolve().parents[3])) not in sys.path:
    sys.path.append(root)

from submission_classify import choose, score_categories
from submission_entities import find_entities
from submission_models import Analysis, Answered, SubmissionInput, SubmissionParams, SubmissionResult
from submission_text import own_words
from submission_urgency import judge_urgency

from raw_runtime import BaseWorkflow, step
from tools import llm, prose

try:
    from tools import records  # type: ignore[attr-defined, unused-ignore]
except ImportError:  # a system without a database
    records = None  # type: ignore[assignment, unused-ignore]

MAX_CHARS = 50_000
"""A longer text is cut here, and the result says so."""
SUMMARY_CHARS = 280

INSTRUCTIONS = (
    "Sort this form submission: category, urgency with reasons, language (ISO 639-1), a summary of one or two "
    "sentences "
    "in its own language, and the order, invoice, ticket and customer numbers, dates and amounts that it names. "
    "Leave out names, e-mail addresses and telephone numbers."
)


def analyse(given: SubmissionInput) -> Analysis:
    """Return what the text is about: the heuristic that answers when no model does."""
    scores = score_categories(given.form, given.subject, given.text)
    category, confidence, reasons = choose(scores)
    urgency, urgency_reasons = judge_urgency(given.subject, given.text, category)
    language = prose.detect(f"{given.subject}\n{given.text}")
    return Analysis(
        category=category,
        confidence=confidence,
        reasons=reasons,
        alternatives=[s.category for s in scores if s.category != category][:3],
        urgency=urgency,
        urgency_reasons=urgency_reasons,
        language=language.code,
        language_confidence=language.confidence,
        summary=summarise(given.subject, given.text, language.code),
        entities=find_entities(f"{given.subject}\n{given.text}"),
    )


def summarise(subject: str, text: str, language: str) -> str:
    """Return the one or two sentences that say most, in the person's own words, contact data masked."""
    picked = prose.key_sentences(prose.sentences(text)[:500], 2, language)
    words = " ".join(picked) or prose.one_line(text)
    if subject.strip() and subject.strip().lower() not in words.lower():
        words = f"{prose.one_line(subject)}: {words}"
    return prose.shorten(prose.redact(words), SUMMARY_CHARS)


def stored(params: SubmissionParams) -> dict[str, Any]:
    """Return the params of the submission that is stored under the id."""
    found = records.submission(params.id)
    return {"form": found.form, "email": found.email, "text": found.text}


class Analyze(BaseWorkflow[SubmissionParams]):
    """Sort a form submission."""

    def look_up(self) -> str | None:
        """With an id and no text of its own, take what is stored under the id; return why that cannot be done."""
        if records is not None:
            try:
                self.params = records.completed(self.params, "text", stored)
            except records.RecordsError as error:
                return str(error)
        return None

    @step("read")
    def read(self) -> SubmissionInput:
        """Take the person's own words, bounded."""
        text, truncated = prose.bounded(self.params.text.strip(), MAX_CHARS)
        subject = prose.shorten(self.params.subject, 300)
        return SubmissionInput(form=self.params.form, subject=subject, text=own_words(text), truncated=truncated)

    @step("analyse")
    def analyse(self, given: SubmissionInput) -> Answered:
        """Find category, urgency, language, summary and entities."""
        answer = llm.answer(
            task="analyze", inputs=given, output_type=Analysis, heuristic=analyse, instructions=INSTRUCTIONS
        )
        return Answered(analysis=answer.value, answered_by=answer.answered_by, answer_reason=answer.reason)

    def run(self) -> int:
        """Save the result as results/result.json; an empty or unknown submission is an error."""
        if unknown := self.look_up():
            return self.error(unknown).exit_code
        given = self.read()
        if not given.text and not given.subject:
            return self.error("text is empty: give what the person wrote.").exit_code
        answered = self.analyse(given)
        result = SubmissionResult(
            **answered.analysis.model_dump(),
            id=self.params.id,
            form=given.form,
            truncated=given.truncated,
            answered_by=answered.answered_by,
            answer_reason=answered.answer_reason,
        )
        self.save("result.json", result)
        return self.success(f"Category {result.category}, urgency {result.urgency}").exit_code


if __name__ == "__main__":
    Analyze.main()
