"""Which human languages a CV names, and how well the person says to speak them."""

# ruff: noqa: RUF001 - dashes and quotes as people type them are what is searched for

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from cv_models import Evidence, LanguageFinding, LanguageFound, LanguageRequirement, Level
from cv_sections import Line

from tools import prose

_NAMES: dict[str, str] = {
    "en": "english|englisch|inglés|ingles|anglais|inglese|engels|angielski|inglês",
    "de": "german|deutsch|alemán|aleman|allemand|tedesco|duits|niemiecki|alemão",
    "fr": "french|französisch|francés|frances|français|francese|frans|francuski|francês",
    "es": "spanish|spanisch|español|espanol|castellano|espagnol|spagnolo|spaans|hiszpański|espanhol",
    "it": "italian|italienisch|italiano|italien|italiaans|włoski",
    "nl": "dutch|niederländisch|holländisch|neerlandés|holandés|néerlandais|olandese|nederlands|niderlandzki",
    "pt": "portuguese|portugiesisch|portugués|portugais|portoghese|português|portugalski",
    "pl": "polish|polnisch|polaco|polonais|polacco|polski|pools",
    "sv": "swedish|schwedisch|sueco|suédois|svenska",
    "tr": "turkish|türkisch|turco|turc|türkçe",
    "ru": "russian|russisch|ruso|russe|russo|русский",
    "uk": "ukrainian|ukrainisch|ucraniano|українська",
    "ar": "arabic|arabisch|árabe|arabe|arabo|العربية",
    "zh": "chinese|mandarin|chinesisch|chino|chinois|cinese|中文",
    "ja": "japanese|japanisch|japonés|japonais|日本語",
    "hi": "hindi",
    "he": "hebrew|hebräisch|עברית",
}
_CODE_OF: dict[str, str] = {name: code for code, names in _NAMES.items() for name in names.split("|")}
_ANY = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(_CODE_OF, key=len, reverse=True))})(?:kenntnisse)?(?!\w)", re.I)

_RANKS: tuple[Level, ...] = ("A1", "A2", "B1", "B2", "C1", "C2", "native")
_CEFR = re.compile(r"(?<![\w])([ABC][12])(?!\w)", re.I)
# The first that fits counts; the rarer, stronger words come first.
_LEVEL_WORDS: tuple[tuple[Level, str], ...] = (
    (
        "native",
        (
            r"\bnative|mother tongue|first language|muttersprach\w*|lengua materna|nativ[oa]|langue maternelle|"
            r"madrelingua|moedertaal|bilingu\w+|zweisprachig|ojczysty"
        ),
    ),
    (
        "C1",
        (
            r"\bfluent\w*|fluency|full professional|proficient|advanced|excellent|very good|business fluent|fließend|"
            r"fliessend|verhandlungssicher|sehr gut|avanzado|"
            r"fluido|courant|couramment|avancé|fluente|vloeiend|biegły|expert"
        ),
    ),
    (
        "B2",
        (
            r"\bupper[- ]intermediate|professional working|working proficiency|good|business|gut(?:e|en)?\b|bien\b|"
            r"intermedio alto|bon niveau|buono|goed"
        ),
    ),
    ("B1", r"\bintermediate|conversational|mittelstufe|conversación|intermedio|intermédiaire|medio\b|średni"),
    (
        "A2",
        (
            r"\bbasic\w*|elementary|a bit|a little|etwas|un poco|un peu|school level|beginner|grundkenntnisse|"
            r"schulkenntnisse|grundlagen|básico|nociones|"
            r"notions|scolaire|débutant|base\b|basis\b|podstawowy|some\b|limited"
        ),
    ),
)
_WORDS = tuple((level, re.compile(pattern, re.I)) for level, pattern in _LEVEL_WORDS)
_AND = re.compile(r"\s*(?:/|&|and|und|y|et|e|en)\s*", re.I)
_NO = re.compile(r"\b(?:no|not|don'?t speak|kein|keine|ohne|sin)\s+(?:any\s+)?$", re.I)


def look_up_languages(lines: list[Line], wanted: list[LanguageRequirement]) -> list[LanguageFound]:
    """Return what the CV says about each language wanted."""
    named = _named(lines) if wanted else {}
    said = [(need, *named.get(code_of(need.language), (None, None))) for need in wanted]
    return [LanguageFound(language=n.language, level=lv, evidence=[e] if e else []) for n, lv, e in said]


def held_languages(
    found: list[LanguageFound], wanted: list[LanguageRequirement], cv_language: str
) -> list[LanguageFinding]:
    """Return a finding for each language wanted, and for no other.

    A CV that names the language, or is written in it, is evidence without a level.
    """
    said = {code_of(one.language): one for one in reversed(found)}
    findings = []
    for need in wanted:
        code = code_of(need.language)
        one = said.get(code) or LanguageFound(language=need.language)
        met: Literal["yes", "unclear", "below", "no"]
        if one.level is not None:
            met = "yes" if _RANKS.index(one.level) >= _RANKS.index(need.level) else "below"
        else:
            met = "unclear" if one.evidence or code == cv_language else "no"
        findings.append(
            LanguageFinding(language=need.language, wanted=need.level, level=one.level, met=met, evidence=one.evidence)
        )
    return findings


def code_of(language: str) -> str:
    """Return the code of a language by any of its names; of one that is not known, the name itself."""
    name = language.strip().lower()
    return _CODE_OF.get(name, name)


def _named(lines: list[Line]) -> dict[str, tuple[Level | None, Evidence | None]]:
    """Return the best level said for each language; a mention in the languages section wins over others."""
    best: dict[str, tuple[int, Level | None, Evidence]] = {}
    for line in lines:
        if line.section in ("education", "interests"):
            continue
        previous: Level | None = None
        previous_end = 0
        for match, after in _with_what_follows(line.text):
            between = line.text[previous_end : match.start()] if previous_end else line.text[: match.start()][-40:]
            previous_level, previous, previous_end = previous, None, match.end()
            if _NO.search(between):
                continue
            level = _level(between[-40:], after, previous_level)
            previous = level
            if level is None and line.section not in ("languages", "skills", "summary", "other"):
                continue  # "maintained the English website" says nothing
            rank = (10 if line.section == "languages" else 0) + (_RANKS.index(level) + 1 if level else 0)
            code = _CODE_OF[re.sub(r"kenntnisse$", "", match[0].lower())]
            if code not in best or rank > best[code][0]:
                quote = prose.quote(line.text, match.start(), match.end())
                best[code] = (rank, level, Evidence(quote=quote, line=line.number, section=line.section))
    return {code: (level, evidence) for code, (_, level, evidence) in best.items()}


def _with_what_follows(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Yield each language's name with at most 45 characters of what stands before the next one."""
    pending: re.Match[str] | None = None
    for match in _ANY.finditer(text):
        if pending:
            yield pending, text[pending.end() : min(match.start(), pending.end() + 45)]
        pending = match
    if pending:
        yield pending, text[pending.end() : pending.end() + 45]


def _level(before: str, after: str, previous: Level | None) -> Level | None:
    """Read the level of a name from its surroundings.

    It may stand before ("native German"), after ("German: C1", "German, native"), or be shared ("fluent in
    Spanish and English"). What stands between two names without any mark belongs to the first ("English C1 German").
    """
    own = re.split(r"[,;|.()]|\b(?:and|und|y|et)\b", before)
    if previous is None or len(own) > 1:
        found = _level_in(own[-1])
        if found:
            return found
    found = _level_in(re.split(r"[,;|)\n]", after.lstrip(" ,:(\t-–"))[0])
    if found is None and _AND.fullmatch(before):
        return previous
    return found


def _level_in(text: str) -> Level | None:
    if cefr := _CEFR.search(text):
        code = cefr[1].upper()
        return next(level for level in _RANKS if level == code)
    return next((level for level, pattern in _WORDS if pattern.search(text)), None)
