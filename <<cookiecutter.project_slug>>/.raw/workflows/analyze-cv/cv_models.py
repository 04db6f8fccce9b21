"""Params, results, and what the steps of analyze-cv hand to each other."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any, Literal

from cv_sample import SAMPLE_CV
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tools import prose

Level = Literal["A1", "A2", "B1", "B2", "C1", "C2", "native"]
Strength = Literal["solid", "basic", "none"]
Section = Literal[
    "summary",
    "experience",
    "skills",
    "education",
    "projects",
    "languages",
    "certificates",
    "volunteering",
    "interests",
    "other",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Requirement(_Strict):
    """Something the job asks for. Well-known synonyms (k8s for Kubernetes) are known without being listed."""

    name: prose.Text = Field(min_length=1, max_length=100)
    synonyms: list[Annotated[prose.Text, Field(min_length=1, max_length=100)]] = []
    weight: float = Field(default=1.0, gt=0, le=100)


class LanguageRequirement(_Strict):
    """A human language and the least level, on the CEFR scale or "native"."""

    language: prose.Text = Field(min_length=2, max_length=40)
    level: Level = "B2"


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


NamedRequirement = Annotated[Requirement, BeforeValidator(_named)]


class JobProfile(_Strict):
    """What a job needs. A requirement may be given as plain text, which is its name."""

    title: prose.Text = "Backend Engineer (Python)"
    required: list[NamedRequirement] = []
    nice_to_have: list[NamedRequirement] = []
    min_years: float = Field(default=0.0, ge=0, le=60)
    languages: list[LanguageRequirement] = []


def default_profile() -> JobProfile:
    """Return the profile that is used when none is given."""
    return JobProfile(
        title="Backend Engineer (Python)",
        required=[
            Requirement(name="Python"),
            Requirement(name="PostgreSQL", synonyms=["SQL database"]),
            Requirement(name="REST API", synonyms=["FastAPI", "Django REST framework", "Flask"]),
            Requirement(name="Docker"),
        ],
        nice_to_have=[Requirement(name="Kubernetes"), Requirement(name="CI/CD"), Requirement(name="AWS")],
        min_years=3,
        languages=[LanguageRequirement(language="English", level="B2")],
    )


def _from_json(value: Any) -> Any:
    """Take the profile as JSON text too: that is how a command-line flag brings it."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError("must be a JSON object with title, required, nice_to_have, min_years, languages") from None
    return value


class CvParams(BaseModel):
    """Match a CV against a job profile and give the evidence."""

    id: prose.Text = Field(default="sample", description="Correlation id, echoed in the result")
    cv_text: prose.Text = Field(default=SAMPLE_CV, description="The CV as plain text")
    profile: Annotated[JobProfile, BeforeValidator(_from_json)] = Field(
        default_factory=default_profile, description="The job profile, as JSON"
    )
    threshold: float = Field(default=0.6, ge=0, le=1, description="Score from which a candidate counts as qualified")
    as_of: dt.date | None = Field(
        default=None, description="The day on which 'present' falls (YYYY-MM-DD); without it the latest date in the CV"
    )


class Evidence(BaseModel):
    """Where the CV says it: the quote (contact data masked), the line from 1, the section."""

    quote: str
    line: int
    section: Section


class Found(BaseModel):
    """What the CV says about a name; `strength` is none when it was not found, or only in a denial."""

    name: str
    strength: Strength
    evidence: list[Evidence] = []
    denied: list[Evidence] = []


class Finding(Found):
    """A requirement of the profile, with its weight, and what the CV says about it."""

    required: bool
    weight: float


class LanguageFound(BaseModel):
    """What the CV says about a language; `level` is None when it does not say one."""

    language: str
    level: Level | None = None
    evidence: list[Evidence] = []


class LanguageFinding(LanguageFound):
    """A language of the profile, and whether the CV meets the level wanted."""

    wanted: Level
    met: Literal["yes", "unclear", "below", "no"]


class Period(BaseModel):
    """A span of work; months count, the days do not. `end` is the first month after it."""

    start: dt.date
    end: dt.date
    evidence: Evidence


class Experience(BaseModel):
    """Years of work, overlaps counted once; `method` says what they are computed from."""

    years: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    method: Literal["date ranges", "stated", "none"] = "none"
    as_of: dt.date | None = None
    as_of_source: Literal["given", "latest date in the CV", "none"] = "none"
    periods: list[Period] = []
    stated_years: float | None = None


class CvInput(BaseModel):
    """What the evidence is looked for in; the text is clean and bounded."""

    cv_text: str
    truncated: bool
    profile: JobProfile
    as_of: dt.date | None


class Findings(BaseModel):
    """All the evidence, without a judgement: what is wanted, and how much it weighs, stands in the profile alone."""

    findings: list[Found]
    languages: list[LanguageFound]
    experience: Experience
    sections: list[Section]
    cv_language: str


class Answered(BaseModel):
    """The findings, and who looked them up."""

    findings: Findings
    answered_by: str
    answer_reason: str


class ScorePart(BaseModel):
    """One part of the score: `value` from 0 to 1, its `weight` in the whole, and why."""

    name: str
    value: float
    weight: float
    reason: str


class CvResult(BaseModel):
    """The outcome. Holds quotes from the CV, but no e-mail address, link or telephone number."""

    id: str
    title: str
    score: float
    threshold: float
    qualified: bool
    matched: list[Finding]
    missing: list[Finding]
    languages: list[LanguageFinding]
    years_of_experience: float
    min_years: float
    experience: Experience
    score_parts: list[ScorePart]
    explanation: str
    cv_language: str
    sections: list[Section]
    truncated: bool
    answered_by: str
    answer_reason: str
