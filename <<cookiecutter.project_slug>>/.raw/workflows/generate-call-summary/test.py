"""Tests of generate-call-summary: run `pytest` in the project, or `pytest test.py` here."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from call_models import CallInput, CallParams, CallResult, Summary
from call_summary import summarise
from call_transcript import parse, talk_shares
from run import MAX_CHARS, GenerateCallSummary

TUESDAY = dt.date(2024, 6, 4)


def summary(transcript: str, call_date: dt.date | None = TUESDAY) -> Summary:
    params = CallParams(transcript=transcript, call_date=call_date)
    return summarise(CallInput(transcript=parse(params.transcript, truncated=False), call_date=call_date))


@pytest.mark.parametrize(
    "text",
    [
        "Anna: Hello there.\nBen: Hi.\nAnna: Bye.",
        "[00:00:01] Anna: Hello there.\n[00:00:02] Ben: Hi.\n[00:01:05] Anna: Bye.",
        "00:01 - Anna: Hello there.\n00:02 - Ben: Hi.\n01:05 - Anna: Bye.",
        "**Anna** [00:01]: Hello there.\n**Ben** [00:02]: Hi.\n**Anna** [01:05]: Bye.",
        "Anna   0:01\nHello there.\nBen   0:02\nHi.\nAnna   1:05\nBye.",
        "Anna: Hello\n  there.\nBen: Hi.\nAnna: Bye.",
        (
            "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Anna>Hello there.</v>\n\n00:02.000 --> 00:03.000\n<v Ben>Hi.\n\n"
            "01:05.000 --> 01:06.000\n<v Anna>Bye."
        ),
        (
            "1\n00:00:01,000 --> 00:00:02,000\nAnna: Hello there.\n\n2\n00:00:02,000 --> 00:00:03,000\nBen: Hi.\n\n"
            "3\n00:01:05,000 --> 00:01:06,000\nAnna: Bye."
        ),
        "Anna: Hello there. [laughs]\r\nBen: Hi.\r\nAnna: Bye.",
    ],
)
def test_the_forms_of_a_transcript(text: str) -> None:
    parsed = parse(CallParams(transcript=text).transcript, truncated=False)
    assert [(t.speaker, t.text) for t in parsed.turns] == [("Anna", "Hello there."), ("Ben", "Hi."), ("Anna", "Bye.")]
    assert parsed.duration_seconds in (None, 65.0)


@pytest.mark.parametrize(
    "line", ["Note: the door is red.", "Next steps: none.", "the thing is: we wait.", "https://example.com/x"]
)
def test_a_colon_makes_no_speaker(line: str) -> None:
    parsed = parse(f"Anna: Hello.\n{line}\nBen: Hi.", truncated=False)
    assert [t.speaker for t in parsed.turns] == ["Anna", "Ben"]


def test_talk_shares_add_up() -> None:
    shares = talk_shares(parse("Anna: one two three\nBen: four\nCleo: five six\nAnna: seven eight", truncated=False))
    assert [(s.name, s.turns, s.words) for s in shares] == [("Anna", 2, 5), ("Ben", 1, 1), ("Cleo", 1, 2)]
    assert sum(s.share for s in shares) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("We decided to order new shelves.", 1),
        ("So let's go with variant B.", 1),
        ("Wir haben beschlossen, die Schulung zu verschieben.", 1),
        ("We have not decided on the shelves.", 0),
        ("I don't think we have decided on the shelves.", 0),
        ("If we decided to order shelves, who would pay?", 0),
        ("Have we decided on the shelves?", 0),
    ],
)
def test_decisions_said_outright(line: str, count: int) -> None:
    assert len(summary(f"Anna: {line}\nBen: I see.").decisions) == count


def test_a_proposal_agreed_to_is_a_decision_and_one_refused_is_none() -> None:
    proposal = "Anna: Shall we move the launch to May?"
    agreed = summary(f"{proposal}\nBen: Sounds good.").decisions
    assert [(d.text, d.said_by) for d in agreed] == [("Shall we move the launch to May?", "Ben")]
    assert len(summary("Anna: Would Thursday at 3 work?\nBen: Thursday works for me.").decisions) == 1
    assert summary(f"{proposal}\nBen: No, that is too late.").decisions == []
    assert summary("Anna: Shall we start?\nBen: Perfect.").decisions == []


@pytest.mark.parametrize(
    ("text", "who", "what", "due", "day"),
    [
        ("Anna: I'll send the plan by Friday.", "Anna", "send the plan by Friday", "by Friday", "2024-06-07"),
        ("Anna: I will call the landlord tomorrow.", "Anna", "call the landlord tomorrow", "tomorrow", "2024-06-05"),
        ("Anna: I need to check the budget.", "Anna", "check the budget", None, None),
        ("Anna: Ben will book the room on 12 June.", "Ben", "book the room on 12 June", "on 12 June", "2024-06-12"),
        ("Anna: We will review it next week.", "we", "review it next week", "next week", "2024-06-14"),
        ("Anna: Could you send the figures?\nBen: Sure.", "Ben", "send the figures", None, None),
        (
            "Anna: Please update the page within two days.\nBen: Fine.",
            "Ben",
            "update the page within two days",
            "within two days",
            "2024-06-06",
        ),
        ("Anna: Action item: Ben to draft the letter.", "Ben", "draft the letter", None, None),
        (
            "Anna: Ich schicke den Plan bis Mittwoch.",
            "Anna",
            "schicke den Plan bis Mittwoch",
            "bis Mittwoch",
            "2024-06-05",
        ),
        (
            "Anna: Please finish it by the 21st.\nBen: Fine.",
            "Ben",
            "finish it by the 21st",
            "by the 21st",
            "2024-06-21",
        ),
        ("Anna: Let me check the contract.", "Anna", "check the contract", None, None),
        ("Anna: I'll have Maria send the invitation.", "Anna", "have Maria send the invitation", None, None),
        ("Anna: If you like, I'll send the plan.", "Anna", "send the plan", None, None),
    ],
)
def test_follow_ups(text: str, who: str, what: str, due: str | None, day: str | None) -> None:
    follow_ups = summary(text).follow_ups
    assert [(f.who, f.what, f.due, str(f.due_date or "") or None) for f in follow_ups] == [(who, what, due, day)]


@pytest.mark.parametrize(
    "text",
    [
        "Anna: I'll be honest with you.",
        "Anna: I will never send such a letter.",
        "Anna: I'll let you know if anything changes.",
        "Anna: If the copy is late, I will send a placeholder.",
        "Anna: I would send it.",
        "Anna: Could you send the figures?\nBen: No, I am on leave.",
        "Anna: Will you send the figures?\nBen: Which ones?",
        "Anna: I'll ask you a question now.",
        "Anna: Yesterday I had to send the plan again.",
    ],
)
def test_no_follow_ups(text: str) -> None:
    assert summary(text).follow_ups == []


def test_two_promises_in_a_sentence_are_two_follow_ups() -> None:
    found = summary("Anna: I'll write the offer and Ben will check the numbers by Monday.").follow_ups
    assert [(f.who, f.what) for f in found] == [("Anna", "write the offer"), ("Ben", "check the numbers by Monday")]


def test_without_the_day_of_the_call_a_due_date_is_only_told() -> None:
    found = summary("Anna: I'll send it by Friday, and the rest by 3 July 2024.", None).follow_ups
    assert [(f.due, f.due_date) for f in found] == [("by Friday", None)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Anna: Who pays for it?\nBen: I don't know.", "the answer was put off"),
        ("Anna: Who pays for it?\nBen: I have to ask finance.", "the answer was put off"),
        ("Anna: Wer zahlt das?\nBen: Das muss ich klären.", "the answer was put off"),
        ("Ben: Hello.\nAnna: Who pays for it?", "nobody answered"),
        ("Who pays for it? To be confirmed.", "the answer was put off"),
    ],
)
def test_open_questions(text: str, reason: str) -> None:
    assert [q.reason for q in summary(text).open_questions] == [reason]


@pytest.mark.parametrize(
    "text",
    [
        "Anna: Who pays for it?\nBen: The landlord does.",
        "Anna: Can you hear me?",
        "Anna: It is red, right?",
        "Anna: Any other questions?",
        "Anna: Could you send it?\nBen: Sure, I'll check it first.",
    ],
)
def test_no_open_questions(text: str) -> None:
    assert summary(text).open_questions == []


def test_topics_are_what_comes_back_without_names_and_small_talk() -> None:
    found = summary(
        "Anna: The cold store is late, and the cold store is expensive.\nBen: How late is the cold store, Anna?\n"
        "Anna: Three weeks. The landlord knows.\nBen: I will call the landlord, thanks Anna. Great, great, great."
    ).topics
    assert found[:2] == ["cold store", "landlord"]
    assert not {"anna", "ben", "great", "thanks"} & set(found)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Anna: Great, I love it.\nBen: Wonderful, I am happy.", "positive"),
        ("Anna: I am disappointed, this is terrible.\nBen: Sorry for the problem.", "negative"),
        ("Anna: This is not good, not great and not helpful.", "negative"),
        ("Anna: The store has two docks.", "neutral"),
    ],
)
def test_sentiment(text: str, label: str) -> None:
    assert summary(text).sentiment.label == label


def test_contact_data_is_masked() -> None:
    told = summary("Anna: I'll send the plan to ben@example.com and call +44 20 7946 0018.").model_dump_json()
    assert "ben@example.com" not in told
    assert "7946" not in told


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "a" * 2_000_000,
        "Anna: I'll send it by Friday. " * 70_000,
        "Anna: Who?\n" * 180_000,
        "a:" * 1_000_000,
        "?" * 2_000_000,
        "[00:00" * 330_000,
        "I'll send " * 200_000,
    ],
)
def test_two_megabytes_are_cut_and_it_is_told(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert GenerateCallSummary(CallParams(transcript=text)).run() == 0
    saved = CallResult.model_validate_json((tmp_path / "results" / "result.json").read_text(encoding="utf-8"))
    assert saved.truncated
    assert len(text) > MAX_CHARS
    assert len(saved.summary) <= 700


def test_run_saves_the_result_and_refuses_an_empty_transcript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert GenerateCallSummary(CallParams(transcript="\n \u200b")).run() == 1
    hostile = "[/b]: <script>{{x}}</script> \x00 \ud800\nمريم: متى؟ 👍"
    assert GenerateCallSummary(CallParams(id="c-1", call_sid="CA1", transcript=hostile)).run() == 0
    saved = json.loads((tmp_path / "results" / "result.json").read_text(encoding="utf-8"))
    assert (saved["id"], saved["call_sid"], saved["answered_by"]) == ("c-1", "CA1", "heuristic")
