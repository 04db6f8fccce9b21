"""Params, results, and what the steps of generate-call-summary hand to each other."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, Field

from tools import prose

SAMPLE_TRANSCRIPT = """\
[00:00:04] Anna: Hi Ben, thanks for taking the time. Shall we go through the backend position?
[00:00:10] Ben: Sure. I have looked at the description, the tracking service sounds interesting.
[00:00:19] Anna: Great. The service handles parcels in real time, mostly Python and PostgreSQL.
[00:00:31] Ben: I did that for four years, with Python and Kafka. How big is the team?
[00:00:38] Anna: Six people. Let's do the technical interview next week, with two of them.
[00:00:46] Ben: Agreed. I'll send you two code samples by Friday.
[00:00:52] Anna: Perfect. I will book the room and invite the team tomorrow.
[00:01:01] Ben: What is the salary range?
[00:01:05] Anna: I don't know yet, I have to ask finance. I'll get back to you on that.
"""


class CallParams(BaseModel):
    """Summarise a call from its transcript."""

    id: prose.Text = Field(default="sample", description="Correlation id, echoed in the result")
    transcript: prose.Text = Field(
        default=SAMPLE_TRANSCRIPT, description="Speaker-labelled lines, WebVTT, SRT, or plain text"
    )
    call_date: dt.date | None = Field(
        default=None, description="Day of the call (YYYY-MM-DD): then 'by Friday' gets a date"
    )
    call_sid: prose.Text | None = Field(default=None, description="Id of the call, echoed in the result")


class Turn(BaseModel):
    """What one speaker said in one go; `speaker` is empty in a text without labels, `at` in seconds if known."""

    speaker: str
    text: str
    at: float | None = None


class Transcript(BaseModel):
    """The call, turn by turn."""

    turns: list[Turn]
    labelled: bool
    duration_seconds: float | None
    truncated: bool


class CallInput(BaseModel):
    """What is summarised."""

    transcript: Transcript
    call_date: dt.date | None


class Decision(BaseModel):
    """Something agreed; `said_by` settled it."""

    text: str
    said_by: str
    turn: int


class FollowUp(BaseModel):
    """Something somebody is to do. `who` is a speaker, a name from the call, "we", or empty."""

    who: str
    what: str
    due: str | None
    due_date: dt.date | None
    turn: int


class OpenQuestion(BaseModel):
    """A question without an answer, and why it counts as open."""

    text: str
    asked_by: str
    reason: Literal["nobody answered", "the answer was put off"]
    turn: int


class Sentiment(BaseModel):
    """The tone, from -1 to 1, by a small list of words: a hint, not a finding."""

    label: Literal["positive", "neutral", "negative", "mixed"]
    score: float


class Speaker(BaseModel):
    """A speaker's part: turns, words, and the share of all words from 0 to 1."""

    name: str
    turns: int
    words: int
    share: float


class Summary(BaseModel):
    """What was said, decided, promised and left open."""

    summary: str
    topics: list[str]
    decisions: list[Decision]
    follow_ups: list[FollowUp]
    open_questions: list[OpenQuestion]
    sentiment: Sentiment
    language: str


class Answered(BaseModel):
    """The summary, and who made it."""

    summary: Summary
    answered_by: str
    answer_reason: str


class CallResult(Summary):
    """The outcome, with the correlation id and the figures."""

    id: str
    call_sid: str | None = None
    speakers: list[Speaker]
    turns: int
    words: int
    duration_seconds: float | None
    truncated: bool
    answered_by: str
    answer_reason: str
