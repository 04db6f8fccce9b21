#!/usr/bin/env python3
# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "pydantic>=2.0",
#   "rich>=13.0",
# ]
# ///
"""Summarise a call from its transcript: topics, decisions, follow-ups, open questions, talk shares."""

from __future__ import annotations

import sys
from pathlib import Path

# The project's root, for `tools`, when nothing is installed; last, so that it hides nothing that is.
if (root := str(Path(__file__).resolve().parents[3])) not in sys.path:
    sys.path.append(root)

from call_models import Answered, CallInput, CallParams, CallResult, Summary, Transcript
from call_summary import summarise
from call_transcript import parse, talk_shares

from raw_runtime import BaseWorkflow, step
from tools import llm, prose

MAX_CHARS = 400_000
"""A longer transcript is cut here, and the result says so: it is some seven hours of talk."""

INSTRUCTIONS = (
    "Summarise this call in its own language: a few sentences, the topics, what was decided, who does what by when, "
    "and which questions stay open. Only what was said; no contact data."
)


class GenerateCallSummary(BaseWorkflow[CallParams]):
    """Summarise a call from its transcript."""

    @step("read")
    def read(self) -> Transcript:
        """Split the transcript into turns."""
        text, truncated = prose.bounded(self.params.transcript, MAX_CHARS)
        return parse(text, truncated=truncated)

    @step("summarise")
    def summarise(self, transcript: Transcript) -> Answered:
        """Find what was said, decided, promised and left open."""
        answer = llm.answer(
            task="generate-call-summary",
            inputs=CallInput(transcript=transcript, call_date=self.params.call_date),
            output_type=Summary,
            heuristic=summarise,
            instructions=INSTRUCTIONS,
        )
        return Answered(summary=answer.value, answered_by=answer.answered_by, answer_reason=answer.reason)

    def run(self) -> int:
        """Save the result as results/result.json; an empty transcript is an error."""
        transcript = self.read()
        if not transcript.turns:
            return self.error("transcript is empty: give the text of the call.").exit_code
        answered = self.summarise(transcript)
        result = CallResult(
            **answered.summary.model_dump(),
            id=self.params.id,
            speakers=talk_shares(transcript),
            turns=len(transcript.turns),
            words=sum(len(turn.text.split()) for turn in transcript.turns),
            duration_seconds=transcript.duration_seconds,
            truncated=transcript.truncated,
            answered_by=answered.answered_by,
            answer_reason=answered.answer_reason,
        )
        self.save("result.json", result)
        return self.success(
            f"{len(result.decisions)} decisions, {len(result.follow_ups)} follow-ups, "
            f"{len(result.open_questions)} open questions"
        ).exit_code


if __name__ == "__main__":
    GenerateCallSummary.main()
