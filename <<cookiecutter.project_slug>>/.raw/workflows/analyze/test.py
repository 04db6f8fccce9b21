"""Tests of analyze: run `pytest` in the project, or `pytest test.py` here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from run import Analyze
from submission_entities import find_entities
from submission_models import SubmissionParams, SubmissionResult
from submission_text import own_words


def analyze(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **more: str) -> SubmissionResult:
    monkeypatch.chdir(tmp_path)
    assert Analyze(SubmissionParams.model_validate({"text": text, **more})).run() == 0
    return SubmissionResult.model_validate_json((tmp_path / "results" / "result.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I would like to apply for the role of Data Engineer. My résumé is attached.", "job"),
        ("Hello, you find my C.V. attached.", "job"),
        ("Do you hire in Berlin? I would move.", "job"),
        ("Hiermit bewerbe ich mich, mein Lebenslauf liegt bei.", "job"),
        ("Our nightly job fails with a timeout, error code 137.", "support"),
        ("Bonjour, le site ne marche pas depuis hier.", "support"),
        ("Could you send us a quote for 250 licenses?", "sales"),
        ("Was kostet der Jahresplan?", "sales"),
        ("I was charged twice and want a refund.", "billing"),
        ("This is unacceptable, nobody answers and I will talk to my lawyer.", "complaint"),
        ("Please delete all my personal data under GDPR.", "privacy"),
        ("Keep up the good work, a dark mode would be nice if you find time.", "feedback"),
        ("We offer SEO and backlinks, first page of Google guaranteed!", "spam"),
        ("We would like to discuss a partnership with your company.", "partnership"),
        ("The weather is fine.", "other"),
        ("???", "other"),
    ],
)
def test_category(text: str, category: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert analyze(text, tmp_path, monkeypatch).category == category


def test_the_forms_name_is_a_hint_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert analyze("Hello, a word please.", tmp_path, monkeypatch, form="careers").category == "job"
    text = "I was charged twice on invoice 4711, please refund."
    assert analyze(text, tmp_path, monkeypatch, form="careers").category == "billing"


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("Production is down and nobody can log in.", "critical"),
        ("Our account was hacked.", "critical"),
        ("Please answer as soon as possible.", "high"),
        ("Bitte dringend um Rückruf.", "high"),
        ("I need it by Friday.", "high"),
        ("This is not urgent.", "low"),
        ("Es ist nicht dringend.", "low"),
        ("No rush, whenever you have time.", "low"),
        ("Is production down if I change this setting? No hurry.", "low"),
        ("Do you ship to Norway?", "normal"),
        ("WHERE IS MY PARCEL, I HAVE WAITED FOR TWO WEEKS NOW", "high"),
    ],
)
def test_urgency(text: str, urgency: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = analyze(text, tmp_path, monkeypatch)
    assert result.urgency == urgency
    assert bool(result.urgency_reasons) == (urgency != "normal")


def test_urgent_spam_is_not_urgent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert analyze("URGENT: you have won, claim your prize!", tmp_path, monkeypatch).urgency == "low"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is the order that I made last week?", "en"),
        ("Wo ist die Bestellung, die ich letzte Woche gemacht habe?", "de"),
        ("Où est la commande que j'ai faite la semaine dernière ?", "fr"),
        ("¿Dónde está el pedido que hice la semana pasada?", "es"),
        ("Dov'è l'ordine che ho fatto la settimana scorsa?", "it"),
        ("Waar is de bestelling die ik vorige week heb gedaan?", "nl"),
        ("Onde está o pedido que eu fiz na semana passada?", "pt"),
        ("Gdzie jest zamówienie, które złożyłem w zeszłym tygodniu?", "pl"),
        ("أين طلبي؟", "ar"),
        ("ご注文はどこですか", "ja"),
        ("12345", "und"),
    ],
)
def test_language(text: str, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert analyze(text, tmp_path, monkeypatch).language == language


def test_quoted_mail_and_signature_are_not_the_persons_words() -> None:
    mail = "Hello,\n\nit works now.\n\nBest regards\nJo Marsh\n\nOn Mon, 3 Jun 2024, Support wrote:\n> urgent"
    assert own_words(mail) == "it works now."
    assert own_words("Thanks!") == "Thanks!"
    assert own_words("> all of it is quoted") == "> all of it is quoted"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("order no. NW-20417 please", "order", "NW-20417"),
        ("Bestellung #250", "order", "250"),
        ("ORD-99123", "order", "ORD-99123"),
        ("invoice 2024/118", "invoice", "2024/118"),
        ("ticket INC-88121.", "ticket", "INC-88121"),
        ("Kundennummer: 550123", "customer", "550123"),
        ("on 3 June 2024", "date", "2024-06-03"),
        ("am 03.05.2024", "date", "2024-05-03"),
        ("on March 12th, 2024", "date", "2024-03-12"),
        ("on 03/04/2024", "date", None),
        ("on 25/04/2024", "date", "2024-04-25"),
        ("1.299,00 €", "amount", "1299.00 EUR"),
        ("$1,249.50", "amount", "1249.50 USD"),
        ("49 EUR", "amount", "49.00 EUR"),
        ("20 pounds", "amount", "20.00 GBP"),
    ],
)
def test_entities(text: str, kind: str, value: str | None) -> None:
    assert [(e.kind, e.value) for e in find_entities(text)] == [(kind, value)]


@pytest.mark.parametrize(
    "text", ["I want to order 250 chairs", "in order to win", "call 020 7946 0018", "version 1.2.3", "room 12"]
)
def test_no_entities(text: str) -> None:
    assert find_entities(text) == []


def test_no_contact_data_in_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "The invoice is wrong, write to jo.marsh@example.com or call +44 20 7946 0991 immediately."
    result = analyze(
        text, tmp_path, monkeypatch, email="jo.marsh@example.com", subject="invoice of jo.marsh@example.com"
    )
    saved = result.model_dump_json()
    assert "jo.marsh" not in saved
    assert "7946" not in saved
    assert "[email]" in result.summary


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "a" * 2_000_000,
        "urgent! " * 250_000,
        "https://x.y/ " * 150_000,
        "." * 2_000_000,
        "1" * 2_000_000,
        "order " * 300_000,
    ],
)
def test_two_megabytes_are_cut_and_it_is_told(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = analyze(text, tmp_path, monkeypatch)
    assert result.truncated
    assert len(result.summary) <= 280


def test_much_white_space_hides_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert analyze("\n" * 2_000_000 + "refund my invoice", tmp_path, monkeypatch).category == "billing"


def test_hostile_text_is_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = analyze("[/b] <script>alert(1)</script> {{x}} \x00 \ud800 \u202eevil 👍", tmp_path, monkeypatch, id="i-1")
    assert (result.id, result.category, result.answered_by) == ("i-1", "other", "heuristic")
    assert "<script>" in result.summary
    json.dumps(result.model_dump(mode="json"), ensure_ascii=False).encode()


def test_an_empty_text_is_an_error_and_a_subject_alone_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Analyze(SubmissionParams(text=" \n")).run() == 1
    assert analyze("", tmp_path, monkeypatch, subject="Refund for order 88213").category == "billing"
