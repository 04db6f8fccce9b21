"""From evidence to a score: the same sum whoever found the evidence, and the profile alone says what counts."""

from __future__ import annotations

from cv_models import Experience, Finding, Found, JobProfile, LanguageFinding, ScorePart

_WEIGHTS = {"required": 0.6, "experience": 0.2, "nice to have": 0.1, "languages": 0.1}
_STRENGTH = {"solid": 1.0, "basic": 0.5, "none": 0.0}
_MET = {"yes": 1.0, "unclear": 0.5, "below": 0.25, "no": 0.0}


def held(found: list[Found], profile: JobProfile) -> list[Finding]:
    """Return a finding for each requirement of the profile, and for no other.

    A model may leave a requirement out, which then counts as not found, or name what nobody asked for. Of two that
    are of one name, the first counts.
    """
    said = {_key(one.name): one for one in reversed(found)}
    findings = []
    for wanted, required in ((profile.required, True), (profile.nice_to_have, False)):
        for need in wanted:
            one = said.get(_key(need.name)) or Found(name=need.name, strength="none")
            fields = one.model_dump() | {"name": need.name, "required": required, "weight": need.weight}
            findings.append(Finding.model_validate(fields))
    return findings


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def score_parts(
    findings: list[Finding], languages: list[LanguageFinding], experience: Experience, profile: JobProfile
) -> list[ScorePart]:
    """Return the parts that the profile asks for; their weights add up to 1."""
    parts: list[tuple[str, float, str]] = []
    required = [f for f in findings if f.required]
    nice = [f for f in findings if not f.required]
    if required:
        parts.append(("required", *_requirements(required)))
    if profile.min_years > 0:
        parts.append(("experience", *_years(experience, profile.min_years)))
    if nice:
        parts.append(("nice to have", *_requirements(nice)))
    if languages:
        parts.append(("languages", *_languages(languages)))
    whole = sum(_WEIGHTS[name] for name, _, _ in parts)
    return [ScorePart(name=n, value=round(v, 3), weight=round(_WEIGHTS[n] / whole, 4), reason=r) for n, v, r in parts]


def total(parts: list[ScorePart]) -> float:
    """Return the weighted sum, from 0 to 1; a profile that asks for nothing is met by everyone."""
    if not parts:
        return 1.0
    return round(min(1.0, max(0.0, sum(p.value * p.weight for p in parts))), 3)


def explain(score: float, threshold: float, parts: list[ScorePart]) -> str:
    """Return the score in words; names requirements, never the person."""
    verdict = "reaches" if score >= threshold else "stays below"
    told = "; ".join(f"{p.name} {p.value:.0%} of {p.weight:.0%} ({p.reason})" for p in parts)
    return f"The score {score:.2f} {verdict} the threshold {threshold:.2f}. " + (
        told or "The profile asks for nothing."
    )


def _requirements(findings: list[Finding]) -> tuple[float, str]:
    value = sum(_STRENGTH[f.strength] * f.weight for f in findings) / sum(f.weight for f in findings)
    met = [f for f in findings if f.strength != "none"]
    missing = [f.name + (" (denied)" if f.denied else "") for f in findings if f.strength == "none"]
    basic = [f.name for f in met if f.strength == "basic"]
    reason = f"{len(met)} of {len(findings)} found"
    if basic:
        reason += f", only basic: {', '.join(basic)}"
    if missing:
        reason += f", missing: {', '.join(missing)}"
    return value, reason


def _years(experience: Experience, wanted: float) -> tuple[float, str]:
    reason = f"{experience.years:g} of {wanted:g} years, from {experience.method}"
    if experience.method == "none":
        reason = "no date range and no statement of years found"
    elif experience.as_of_source == "latest date in the CV" and experience.as_of:
        reason += f", up to {experience.as_of:%Y-%m}"
    return min(1.0, experience.years / wanted), reason


def _languages(findings: list[LanguageFinding]) -> tuple[float, str]:
    value = sum(_MET[f.met] for f in findings) / len(findings)
    told = {"yes": "met", "unclear": "level not stated", "below": "below the level", "no": "not found"}
    return value, ", ".join(f"{f.language} {f.wanted} {told[f.met]}" for f in findings)
