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
from typing import Any

# The project's root, for `tools`, when nothing is installed; last, so that it hides nothing that is.
if (root := str(Path(__file__).resolve().parents[3])) not in sys.path:
    sys.path.append(root)

from call_models import Answered, CallInput, CallParams, CallResult, Summary, Transcript
from call_summary import summarise
from call_transcript import parse, talk_shares

from raw_runtime import BaseWorkflow, step
from tools import llm, prose

try:
    from tools import records  # type: ignore[attr-defined, unused-ignore]
except ImportError:  # a system without a database
    records = None  # type: ignore[assignment, unused-ignore]

MAX_CHARS = 400_000
"""A longer transcript is cut here, and the result says so: it is some seven hours of talk."""

INSTRUCTIONS = (
    "Summarise this call in its own language: a few sentences, the topics, what was decided, who does what by when, "
    "and which questions stay open. Only what was said; no contact data."
)


def stored(params: CallParams) -> dict[str, Any]:
    """Return the call that is stored under the candidate's id: the one that is named, else the newest."""
    call = records.call(params.id, params.call_sid)
    return {"transcript": call.transcript, "call_sid": call.call_sid, "call_date": params.call_date or call.day}


class GenerateCallSummary(BaseWorkflow[CallParams]):
    """Summarise a call from its transcript."""

    def look_up(self) -> str | None:
        """With an id and no transcript of its own, take what is stored under the id; return why that cannot be done."""
        if records is not None:
            try:
                self.params = records.completed(self.params, "transcript", stored)
            except records.RecordsError as error:
                return str(error)
        return None

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
        """Save the result as results/result.json; an empty transcript or an unknown call is an error."""
        if unknown := self.look_up():
            return self.error(unknown).exit_code
        transcript = self.read()
        if not transcript.turns:
            return self.error("transcript is empty: give the text of the call.").exit_code
        answered = self.summarise(transcript)
        result = CallResult(
            **answered.summary.model_dump(),
            id=self.params.id,
            call_sid=self.params.call_sid,
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
