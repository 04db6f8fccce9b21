"""Reading text that people wrote."""

from __future__ import annotations

import datetime as dt

import pytest
from pydantic import TypeAdapter, ValidationError

from tools import prose

TUESDAY = dt.date(2024, 6, 4)


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("\ufeffo\ufb03ce\xa0work", "office work"),
        ("nul\x00 esc\x1b sur\ud800 bidi\u202e\u200b soft\xadhyphen", "nul esc sur bidi softhyphen"),
        ("👩\u200d💻 می\u200cروم", "👩\u200d💻 می\u200cروم"),
        ("tab\there", "tab\there"),
    ],
)
def test_clean(given: str, plain: str) -> None:
    assert prose.clean(given) == plain
    prose.clean(given).encode()


def test_the_type_of_a_param_cleans_text_and_refuses_the_rest() -> None:
    adapter: TypeAdapter[str] = TypeAdapter(prose.Text)
    assert adapter.validate_python("a\ud800\x00b") == "ab"
    for wrong in (None, 42, ["a"]):
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)


def test_bounded_cuts_at_a_line_where_one_is_near() -> None:
    assert prose.bounded("short", 10) == ("short", False)
    assert prose.bounded("a" * 20, 10) == ("a" * 10, True)
    assert prose.bounded("line\n" * 1000, 1002) == (("line\n" * 200)[:-1], True)


@pytest.mark.parametrize(
    ("given", "masked"),
    [
        ("jo.marsh+x@mail.example.com", "[email]"),
        ("https://example.com/a?b=c.", "[link]"),
        ("www.example.org", "[link]"),
        ("+44 20 7946 0018", "[phone]"),
        ("(030) 123 456 78", "[phone]"),
        ("030/23125 014", "[phone]"),
        ("555-010-1234", "[phone]"),
        ("2016 - 2020", "2016 - 2020"),
        ("03/2018-08/2021", "03/2018-08/2021"),
        ("2024-06-04", "2024-06-04"),
        ("01.02.2019 - 03.04.2020", "01.02.2019 - 03.04.2020"),
        ("1,249.50", "1,249.50"),
        ("C++ @ Contoso", "C++ @ Contoso"),
    ],
)
def test_redact(given: str, masked: str) -> None:
    assert prose.redact(given) == masked


def test_a_quote_holds_no_half_address() -> None:
    text = "x" * 30 + " first.last@example.com about Python and second.last@example.com " + "y" * 30
    at = text.index("Python")
    for around in range(60):
        told = prose.quote(text, at, at + 6, around=around)
        assert "Python" in told
        assert "last" not in told


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Who, z.B. here, e.g. there. End.", ["Dr. Who, z.B. here, e.g. there.", "End."]),
        ("J. Doe came. He left.", ["J. Doe came.", "He left."]),
        ("Version 1.5 is out. Good.", ["Version 1.5 is out.", "Good."]),
        ("a\n\nb\n- c\n- d", ["a", "b", "- c", "- d"]),
        ("", []),
    ],
)
def test_sentences(text: str, parts: list[str]) -> None:
    assert prose.sentences(text) == parts


def test_no_sentence_is_endless() -> None:
    found = prose.sentences("word " * 2000)
    assert all(len(s) <= 1500 for s in found)
    assert " ".join(found).split() == ["word"] * 2000


def test_key_sentences_are_those_that_say_most_in_their_order() -> None:
    text = [
        "Thanks a lot.",
        "The cold store is late.",
        "Well.",
        "The landlord of the cold store pays.",
        "It is late in the day.",
    ]
    assert prose.key_sentences(text, 2, "en") == ["The cold store is late.", "The landlord of the cold store pays."]
    assert prose.key_sentences([], 2) == []
    assert prose.key_sentences(["same words here", "same words here"], 2) == ["same words here"]


def test_shorten_cuts_between_words() -> None:
    assert prose.shorten("a  few\nwords", 20) == "a few words"
    assert prose.shorten("several longer words here", 20) == "several longer..."
    assert len(prose.shorten("x" * 100, 20)) == 20


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The quick brown fox jumps over the lazy dog because it can.", "en"),
        ("Der schnelle Fuchs springt über den faulen Hund, weil er es kann.", "de"),
        ("Русский текст про работу", "ru"),
        ("Український текст про їжу", "uk"),
        ("日本語のテキスト", "ja"),
        ("中文文本", "zh"),
        ("한국어 텍스트", "ko"),
        ("טקסט בעברית", "he"),
        ("12 34 !?", "und"),
        ("", "und"),
    ],
)
def test_detect(text: str, code: str) -> None:
    found = prose.detect(text)
    assert found.code == code
    assert 0 <= found.confidence <= 1


def test_more_text_makes_the_language_surer() -> None:
    short = "Where is the parcel?"
    assert (
        prose.detect(short).confidence
        < prose.detect(f"{short} I have waited for it since the day that you sent it to us.").confidence
    )


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-06-14", "2024-06-14"),
        ("on 14.06.2024", "2024-06-14"),
        ("14/06/2024", "2024-06-14"),
        ("06/14/2024", "2024-06-14"),
        ("05/06/2024", None),
        ("05/05/2024", "2024-05-05"),
        ("14 June", "2024-06-14"),
        ("June 14th, 2025", "2025-06-14"),
        ("14. Juni 2024", "2024-06-14"),
        ("14 de junio de 2024", "2024-06-14"),
        ("14 juin 2024", "2024-06-14"),
        ("31 June 2024", None),
        ("today", "2024-06-04"),
        ("by tomorrow", "2024-06-05"),
        ("übermorgen", "2024-06-06"),
        ("on Tuesday", "2024-06-11"),
        ("by Friday", "2024-06-07"),
        ("next Friday", "2024-06-14"),
        ("next Monday", "2024-06-10"),
        ("Friday, 14 June 2024", "2024-06-14"),
        ("in two weeks", "2024-06-18"),
        ("within 3 days", "2024-06-07"),
        ("by the 21st", "2024-06-21"),
        ("the 3rd", "2024-07-03"),
        ("next week", "2024-06-14"),
        ("end of the week", "2024-06-07"),
    ],
)
def test_date_near(text: str, day: str | None) -> None:
    found = prose.date_near(text, TUESDAY)
    assert found is not None
    assert (found.day.isoformat() if found.day else None) == day


@pytest.mark.parametrize("text", ["no date", "1.5.3", "version 2024.1.2.3", "you may 5 times", "2 out of 3", ""])
def test_no_date_near(text: str) -> None:
    found = prose.date_near(text, TUESDAY)
    assert found is None or found.day is None
