"""Tests of the words that generate-report takes from entities/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import report_words
from pydantic import ValidationError
from report_models import ReportParams
from report_stages import Stages
from report_testing import PARCEL, WORDS, Page, report, row
from report_words import resolve, words_of

OWN = report_words.FOLDER


@pytest.fixture(autouse=True)
def entities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "entities"
    folder.mkdir()
    monkeypatch.setattr(report_words, "FOLDER", folder)
    put(folder, "parcel", PARCEL)
    return folder


def put(folder: Path, entity: str, words: dict[str, Any]) -> None:
    (folder / f"{entity}.json").write_text(json.dumps(words), encoding="utf-8")


@pytest.mark.parametrize(
    ("word", "stage", "final"),
    [
        ("Handed-Over", "sent", None),
        ("sent back", None, "returned"),
        ("ARRIVED", None, "delivered"),
        ("delivered", "delivered", "delivered"),
        ("??", None, None),
        ("", None, None),
    ],
)
def test_what_a_word_means(word: str, stage: str | None, final: str | None) -> None:
    stages = Stages(WORDS)
    assert (stages.stage_of(word), stages.final_of(word)) == (stage, final)


def test_the_page_speaks_the_words_of_the_entity(entities: Path) -> None:
    rows = [row("2024-06-04T01:00:00Z", "arrived", depot="North", name="Mara"), row("2024-06-04T01:00:00Z")]
    data, page = report(rows)
    seen = Page(page).text
    assert data.title == "Parcels"
    assert [(g.group, g.received, g.completed) for g in data.by_group] == [("", 1, 0), ("North", 1, 1)]
    for told in ("2 parcels came in", "1 parcel ended, 1 of them delivered.", "Not delivered", "Depots", "none is"):
        assert told in seen
    put(
        entities,
        "letter",
        {**PARCEL, "one": "guest", "many": "guests", "title": "Our guests", "people": True, "group": None},
    )
    seen = Page(report(rows, entity="letter")[1]).text
    for told in ("Our guests", "2 guests came in", "nobody is stuck", "Those who came in"):
        assert told in seen
    assert "Depot" not in seen
    assert "North" not in seen
    assert "These guests are invented" in Page(report(None, entity="letter")[1]).text


def test_a_file_that_has_changed_is_read_again(entities: Path) -> None:
    assert report([])[0].title == "Parcels"
    put(entities, "parcel", {**PARCEL, "title": "Boxes and letters"})
    assert report([])[0].title == "Boxes and letters"


def test_the_default_is_the_only_entity_or_the_one_that_says_so(entities: Path) -> None:
    assert resolve("") == "parcel"
    put(entities, "letter", PARCEL)
    with pytest.raises(ValueError, match="not exactly one file in entities/ says"):
        resolve("")
    put(entities, "letter", {**PARCEL, "default": True})
    assert (resolve(""), resolve("parcel")) == ("letter", "parcel")
    with pytest.raises(ValidationError, match="must be one of letter, parcel: each is a file in entities/"):
        ReportParams(entity="../letter")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"stages": []}, "stages: Tuple should have at least 1 item"),
        ({"many": ""}, "many: String should have at least 1 character"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"final": [{"name": "Not-Normal"}]}, "final.0.name: String should match pattern"),
        ({"stages": [{"name": "new"}, {"name": "sent", "also": ["new"]}]}, "stages: new stands there twice"),
        ({"final": [{"name": "delivered"}]}, '"lost" of packed must be one of delivered'),
    ],
)
def test_a_wrong_file_is_one_sentence(entities: Path, wrong: dict[str, Any], sentence: str) -> None:
    put(entities, "parcel", {**PARCEL, **wrong})
    with pytest.raises(ValueError, match=r"^entities/parcel\.json is wrong: ") as caught:
        words_of("parcel")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_json_is_one_sentence(entities: Path) -> None:
    (entities / "parcel.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValidationError, match=r"entities/parcel\.json is no JSON"):
        ReportParams()


def test_the_words_of_this_workflow_make_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_words, "FOLDER", OWN)
    assert (OWN / f"{resolve('')}.json").exists()
    for file in OWN.glob("*.json"):
        data, page = report(None, entity=file.stem, date="last-month")
        assert data.sample
        assert data.totals.received > data.totals.completed > 0
        assert words_of(file.stem).many in page
