"""Tests of analyze-cv: run `pytest` in the project, or `pytest test.py` here."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from cv_models import Answered, CvParams, CvResult, Experience, Finding, Findings
from cv_sections import heading_of
from pydantic import ValidationError
from run import MAX_CHARS, AnalyzeCv

AS_OF = dt.date(2024, 6, 15)


def analyze(cv_text: str, **more: object) -> CvResult:
    workflow = AnalyzeCv(CvParams.model_validate({"cv_text": cv_text, "as_of": AS_OF, **more}))
    given = workflow.read()
    return workflow.judge(given, workflow.find(given))


def judge(findings: dict[str, Any], **more: object) -> CvResult:
    """Judge an answer as a model may give it."""
    workflow = AnalyzeCv(CvParams.model_validate({"cv_text": "A CV.", "as_of": AS_OF, **more}))
    whole = {"findings": [], "languages": [], "experience": {}, "sections": [], "cv_language": "en", **findings}
    answered = Answered(findings=Findings.model_validate(whole), answered_by="model:some", answer_reason="")
    return workflow.judge(workflow.read(), answered)


def find(cv_text: str, name: str) -> Finding:
    result = analyze(cv_text, profile={"required": [name]})
    return [*result.matched, *result.missing][0]


@pytest.mark.parametrize(
    ("line", "years"),
    [
        ("2016 – 2020", 4.0),  # noqa: RUF001
        ("2016-18", 2.0),
        ("2016/2017", 1.0),
        ("Jan 2019 - present", 5.5),
        ("03/2018–08/2021", 3.5),  # noqa: RUF001
        ("03/18 - 08/21", 3.5),
        ("01.03.2018 - 31.08.2021", 3.5),
        ("2018-03 to 2021-08", 3.5),
        ("Sept. '15 to Mar '17", 1.6),
        ("Q1 2018 - Q4 2019", 1.8),
        ("seit 2019", 5.0),
        ("since March 2022", 2.3),
        ("März 2019 bis heute", 5.3),
        ("enero 2019 - actualidad", 5.5),
        ("depuis 2020", 4.0),
        ("06/2019 -", 5.1),
        ("2019 - 2019", 0.5),
        ("2016 - 2020 A\n2018 - 2022 B", 6.0),
        ("2016 - 2018 A\n2018 - 2020 B", 4.0),
        ("2022 - 2030", 2.0),
        ("2030 - 2040", 0.0),
        ("2020 - 2016", 0.0),
        ("Phone 2015-2019", 0.0),
        ("+49 30 2015-2019", 0.0),
        ("parental leave 2016 - 2020", 0.0),
        ("2016 - 2020: travel", 0.0),
        ("travel agency, 2016 - 2020", 4.0),
        ("no date at all", 0.0),
    ],
)
def test_years_of_a_line(line: str, years: float) -> None:
    assert analyze(f"Experience\nDeveloper at Contoso\n\n{line}").years_of_experience == years


def test_education_and_volunteering_are_no_work() -> None:
    cv = "Education\n2010 - 2014 BSc\n\nWork experience\n2014 - 2016 Developer\n\nVolunteering\n2016 - 2020 Scouts"
    assert analyze(cv).years_of_experience == 2.0


def test_education_is_told_apart_without_sections() -> None:
    cv = "2010 - 2014 University of York, BSc\n2014 - 2016 Developer at Contoso\n\n2016 - 2019\nNurse at Fabrikam"
    assert analyze(cv).years_of_experience == 5.0


def test_without_dates_a_statement_counts() -> None:
    result = analyze("I have over 12 years of experience in logistics.")
    assert (result.years_of_experience, result.experience.method) == (12.0, "stated")


def test_without_a_day_the_latest_date_named_counts() -> None:
    cv = "Born 01.05.1990\nExperience\nDeveloper 01/2020 - present\nUpdated 12/2023"
    result = analyze(cv, as_of=None)
    assert (result.years_of_experience, result.experience.as_of_source) == (4.0, "latest date in the CV")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("JavaScript", "Java"),
        ("Java-Script", "Java"),
        ("C++ and C#", "C"),
        ("John C. Doe", "C"),
        ("(c) 2024", "C"),
        ("Objective-C", "C"),
        ("ready to go to work", "Go"),
        ("R&D manager, Dr. R. Smith", "R"),
        ("Node.js", "JS"),
        ("I excel at spreadsheets", "Excel"),
        ("anna@python.example.org", "Python"),
        ("https://example.org/docker", "Docker"),
        ("the rest of us; api", "REST API"),
    ],
)
def test_is_not_in(text: str, name: str) -> None:
    assert find(text, name).strength == "none"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("C, C++17, C#, .NET 6", "C"),
        ("C, C++17, C#, .NET 6", "C++"),
        ("C, C++17, C#, .NET 6", "C#"),
        ("C, C++17, C#, .NET 6", ".NET"),
        ("ASP.NET", ".NET"),
        ("services in Go and Rust", "Go"),
        ("python, go, rust", "Go"),
        ("R, Python", "R"),
        ("NodeJS", "Node.js"),
        ("Node JS", "Node.js"),
        ("K8s", "Kubernetes"),
        ("Postgres16", "PostgreSQL"),
        ("python3.11", "Python"),
        ("Pythonkenntnisse", "Python"),
        ("REST-APIs", "REST API"),
        ("machine\nlearning", "Machine Learning"),
        ("MS Excel", "Excel"),
        ("Not only Python but Java", "Python"),
        ("no downtime deployments with Docker", "Docker"),
        ("No experience with Java, strong in Python", "Python"),
        ("I don't know Java; I know Python", "Python"),
        ("never used an IDE other than Eclipse", "Eclipse"),
    ],
)
def test_is_in(text: str, name: str) -> None:
    assert find(text, name).strength == "solid"


@pytest.mark.parametrize(
    "text",
    [
        "I have no experience with Terraform, Kubernetes or Go.",
        "no Kubernetes",
        "Kubernetes: none",
        "Kubernetes — no",
        "Keine Erfahrung mit Kubernetes, aber Docker",
        "Sin experiencia en Kubernetes",
        "would like to learn Kubernetes",
        "I have worked with many clusters, but I have never really used\nKubernetes in production",
    ],
)
def test_what_is_denied_does_not_count_and_is_told(text: str) -> None:
    found = find(text, "Kubernetes")
    assert found.strength == "none"
    assert [e.line for e in found.denied]


@pytest.mark.parametrize(
    "text", ["Docker (basic)", "basic knowledge of Docker", "Docker ★☆☆", "Hobbies\nDocker", "learning Docker"]
)
def test_basic_counts_half(text: str) -> None:
    assert find(text, "Docker").strength == "basic"


def test_what_is_said_of_one_line_is_not_said_of_the_next() -> None:
    cv = "Languages: Go (five years), Python (daily), a little Rust\nInfra: Docker"
    assert find(cv, "Docker").strength == "solid"


def test_evidence_says_where_and_holds_no_contact_data() -> None:
    found = find("Ann\nSkills\nPython, ann@example.com, +44 20 7946 0018, https://example.com/ann", "Python")
    evidence = found.evidence[0]
    assert (evidence.line, evidence.section) == (3, "skills")
    assert evidence.quote == "Python, [email], [phone], [link]"


@pytest.mark.parametrize(
    ("line", "language", "level", "met"),
    [
        ("English C1, German (native)", "German", "native", "yes"),
        ("native German, fluent English", "English", "C1", "yes"),
        ("native German, fluent English", "German", "native", "yes"),
        ("German    native | English   B1", "English", "B1", "below"),
        ("Deutsch (Muttersprache), Englisch verhandlungssicher", "English", "C1", "yes"),
        ("fluent in Spanish and English", "English", "C1", "yes"),
        ("I speak no German but good French", "German", None, "no"),
        ("English", "English", None, "unclear"),
    ],
)
def test_languages(line: str, language: str, level: str | None, met: str) -> None:
    found = analyze(f"Languages\n{line}", profile={"languages": [{"language": language, "level": "B2"}]}).languages[0]
    assert (found.level, found.met) == (level, met)


@pytest.mark.parametrize(
    ("line", "section"),
    [
        ("EXPERIENCE", "experience"),
        ("E X P E R I E N C E", "experience"),
        ("## Work Experience ##", "experience"),
        ("1. Berufserfahrung:", "experience"),
        ("Skills & Tools", "skills"),
        ("I have experience in education and languages", None),
        ("x" * 5000, None),
    ],
)
def test_headings(line: str, section: str | None) -> None:
    assert heading_of(line) == section


REQUIRED = ["Python", "PostgreSQL", "REST API", "Docker"]


@pytest.mark.parametrize("name", REQUIRED)
def test_the_score_rises_with_each_requirement_added(name: str) -> None:
    cv = "Experience\nDeveloper 2015 - 2020\nSkills\nsome tools"
    assert analyze(cv).score < analyze(f"{cv}\n{name}").score


def test_the_score_is_within_bounds_and_its_parts_add_up() -> None:
    for cv in (
        "x",
        "Python " * 5000,
        "\n".join(REQUIRED) + "\n2000 - 2024 Developer\nEnglish native, Kubernetes, CI/CD, AWS",
    ):
        result = analyze(cv)
        assert 0 <= result.score <= 1
        assert sum(p.weight for p in result.score_parts) == pytest.approx(1, abs=0.001)
        assert result.score == pytest.approx(sum(p.value * p.weight for p in result.score_parts), abs=0.002)
        assert len(result.matched) + len(result.missing) == 7


PROFILE: dict[str, Any] = {
    "required": [{"name": "Python", "weight": 3}, "Go"],
    "nice_to_have": ["Docker"],
    "min_years": 4,
    "languages": [{"language": "German", "level": "C1"}, {"language": "French", "level": "B1"}],
}


def test_a_model_s_answer_cannot_change_what_is_wanted() -> None:
    answer = {
        "findings": [
            {"name": " python ", "strength": "none", "required": False, "weight": 0.001},
            {"name": "Python", "strength": "solid", "required": True, "weight": 99},
            {"name": "Being nice", "strength": "solid", "required": True, "weight": 100},
            {"name": "Docker", "strength": "solid", "required": True, "weight": 50},
        ],
        "languages": [
            {"language": "Deutsch", "level": "A1", "wanted": "A1", "met": "yes"},
            {"language": "Spanish", "level": "native", "wanted": "A1", "met": "yes"},
        ],
    }
    result = judge(answer, profile=PROFILE)
    found = [(f.name, f.required, f.weight, f.strength) for f in (*result.matched, *result.missing)]
    assert found == [("Docker", False, 1.0, "solid"), ("Python", True, 3.0, "none"), ("Go", True, 1.0, "none")]
    languages = [(f.language, f.wanted, f.level, f.met) for f in result.languages]
    assert languages == [("German", "C1", "A1", "below"), ("French", "B1", None, "no")]
    values = [(p.name, p.value, p.weight) for p in result.score_parts]
    assert values == [("required", 0, 0.6), ("experience", 0, 0.2), ("nice to have", 1, 0.1), ("languages", 0.125, 0.1)]
    assert not result.qualified


def test_an_answer_that_leaves_everything_out_finds_nothing() -> None:
    result = judge({"cv_language": "xx"}, profile=PROFILE, threshold=0.01)
    assert ([f.name for f in result.missing], result.matched) == (["Python", "Go", "Docker"], [])
    assert (result.score, result.qualified) == (0, False)


def test_the_weights_of_the_profile_decide() -> None:
    said = [{"name": "python", "strength": "solid"}, {"name": "GO", "strength": "none"}]
    result = judge({"findings": said}, profile={"required": PROFILE["required"]})
    assert result.score == 0.75
    assert [f.name for f in result.matched] == ["Python"]


@pytest.mark.parametrize("years", [float("nan"), float("inf"), -3])
def test_years_that_cannot_be_are_no_answer(years: float) -> None:
    with pytest.raises(ValidationError):
        Experience(years=years)


def test_an_empty_profile_is_met_by_everyone() -> None:
    assert analyze("anything", profile={}).score == 1.0


def test_the_same_cv_gives_the_same_result() -> None:
    cv = Path(__file__).with_name("mocks").joinpath("senior.txt").read_text(encoding="utf-8")
    assert analyze(cv) == analyze(cv)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "a" * 2_000_000,
        "Python\n" * 300_000,
        "2016 - 2020 " * 150_000,
        "a@" * 900_000,
        " \n" * 900_000 + "x",
        "(" * 2_000_000,
    ],
)
def test_two_megabytes_are_cut_and_it_is_told(text: str) -> None:
    result = analyze(text)
    assert result.truncated
    assert 0 <= result.score <= 1
    assert len(text) > MAX_CHARS


def test_hostile_text_is_text() -> None:
    result = analyze("[/b] <script>{{x}}</script> \x00 \ud800 \u202e مطور Python \u202c 👩‍💻")
    assert [m.name for m in result.matched] == ["Python"]
    json.dumps(result.model_dump(mode="json")).encode()
    result.model_dump_json().encode()


def test_the_profile_may_come_as_json_text_and_wrong_ones_are_refused() -> None:
    assert analyze("Cobol", profile='{"title": "Old", "required": ["COBOL"]}').matched[0].name == "COBOL"
    for wrong in ("no json", {"required": [""]}, {"requires": ["Python"]}, {"min_years": -1}):
        with pytest.raises(ValidationError):
            analyze("x", profile=wrong)


def test_run_saves_the_result_and_refuses_an_empty_cv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert AnalyzeCv(CvParams(cv_text=" \n\u200b")).run() == 1
    assert not (tmp_path / "results" / "result.json").exists()
    assert AnalyzeCv(CvParams(id="c-1", cv_text=f"{CvParams().cv_text} ")).run() == 0
    saved = CvResult.model_validate_json((tmp_path / "results" / "result.json").read_text(encoding="utf-8"))
    assert (saved.id, saved.answered_by, saved.qualified) == ("c-1", "heuristic", True)
