"""Look a requirement up in the CV: evidence for it, and denials ("no experience with ...")."""

# ruff: noqa: RUF001 - dashes and quotes as people type them are what is searched for

from __future__ import annotations

import re

from cv_models import Evidence, Found, Requirement, Strength
from cv_sections import Line, line_at
from cv_terms import accepts, term_for

from tools import prose

_EVIDENCE = 3
_LOOKED_AT = 300

# What ends the reach of a "no": the end of a sentence or of a list item, or a turn ("but").
_TURN = re.compile(
    r"[.;!?|•·](?=\s)|\n[ \t]*(?=[-•*‣▪–]|\n|\d{1,2}[.)])|"
    r"\b(?:but|however|although|though|whereas|instead|aber|jedoch|dafür|sondern|pero|sino|mais)\b",
    re.I,
)
_NO = re.compile(
    r"\b(?:no|zero|without(?: any)?|lack(?:s|ing)?(?: of)?|little or no|not (?:yet )?(?:any|"
    r"much))\s+(?:[\w-]+\s+){0,3}?"
    r"(?:experience|knowledge|exposure|background|skills?|expertise|understanding|training)\b"
    r"|\b(?:not|never|haven'?t|hasn'?t|didn'?t|don'?t|do not|have not|cannot|can'?t)\s+(?:[\w-]+\s+){0,2}?"
    r"(?:familiar|experienced|know|known|used|use|worked|work|touched|tried|learned|learnt|seen|done)\b"
    r"|\b(?:want|wish|hope|hoping|keen|eager|plan|planning|would (?:like|love)|looking forward|aim) to (?:learn|try|"
    r"get into|explore|study)\b"
    r"|\bkeine?r?n? (?:[\wäöüß-]+ ){0,2}?(?:erfahrung\w*|kenntnisse?n?|berührung\w*|praxis\w*)"
    r"|\b(?:noch nie|nie|nicht) (?:[\wäöüß-]+ ){0,2}?(?:gearbeitet|benutzt|genutzt|verwendet|vertraut)"
    r"|\bmöchte (?:[\wäöüß-]+ ){0,3}?(?:lernen|kennenlernen)"
    r"|\b(?:sin|ninguna|pas d['’e ]*|aucune|nessuna|geen) ?(?:experiencia|expérience|esperienza|conocimientos?|"
    r"connaissances?|ervaring)",
    re.I,
)
# "no Kubernetes", "without Docker": only right before the word, since "no downtime with Docker" denies nothing.
_NO_RIGHT_BEFORE = re.compile(
    r"\b(?:no|not|without|never|ohne|keine?|kein|sin|sans)\s+(?:(?:prior|previous|real|hands-on|professional)\s+)?$",
    re.I,
)
_LABEL = re.compile(r"[ \t]*[^\W\d][\w &/-]{0,30}:")
_NOT_ONLY = re.compile(r"\b(?:not only|not just|nicht nur|no s[oó]lo|pas seulement)\b", re.I)
_YES_AGAIN = re.compile(
    r"\b(?:other than|except|apart from|besides|beyond|außer)\b|,[^,]*\b(?:strong|solid|expert|experienced|"
    r"proficient|good|great|excellent|extensive|years?|worked|use|used|"
    r"know|sehr gut\w*|"
    r"gute?|fundiert\w*|langjährig\w*|jahre|sólid\w+|solide)\b",
    re.I,
)
_NO_AFTER = re.compile(
    r"\s*(?:[:=–—(-]\s*){1,3}(?:no|none|not|keine?|nein|nicht|never|n/a|ninguna?|aucune?)\b(?! longer)(?!\.? ?\d)"
    r"|[^.;\n]{0,20}\b(?:is new to me|kenne ich nicht|habe ich (?:noch )?n(?:icht|ie)|noch nie|ist mir neu|fehlt "
    r"mir)",
    re.I,
)
_BASIC_BEFORE = re.compile(
    r"\b(?:basics?(?: of| in| knowledge(?: of)?)?|beginner\w*|familiar(?:ity)? with|exposure to|(?:a )?little|some "
    r"(?:experience|knowledge|exposure)|"
    r"(?:currently |still )?learning|self-study|coursework|attended|theoretical|grundkenntnisse\w*|grundlagen\w*|"
    r"erste erfahrung\w*|einsteiger\w*|"
    r"in einarbeitung|nociones|conocimientos básicos|notions|débutant|bases en)\b",
    re.I,
)
_BASIC_AFTER = re.compile(
    r"\s*[:=–—(-]\s*(?:very )?(?:basics?|beginner|novice|learning|currently learning|some|limited|"
    r"grundkenntnisse|grundlagen|anfänger|einsteiger|a1|a2|básico|débutant|notions)"
    r"|\s*[:=–—(-]?\s*[★*●]{1,2}[☆○]",
    re.I,
)


def look_up(text: str, lines: list[Line], wanted: Requirement) -> Found:
    """Return what the CV says about one requirement, the best evidence first."""
    term = term_for(wanted.name, wanted.synonyms)
    solid: list[Evidence] = []
    basic: list[Evidence] = []
    denied: list[Evidence] = []
    for count, match in enumerate(term.pattern.finditer(text)):
        if count >= _LOOKED_AT:
            break
        if not accepts(term, match, text):
            continue
        line = line_at(lines, match.start())
        evidence = _evidence(line, match.start() - line.start, match.end() - line.start)
        target = {"none": denied, "basic": basic, "solid": solid}[_strength(text, match.start(), match.end(), line)]
        if len(target) < 20 and all(e.line != evidence.line for e in target):
            target.append(evidence)
    solid.sort(key=lambda e: e.section != "experience")
    strength: Strength = "solid" if solid else "basic" if basic else "none"
    return Found(name=wanted.name, strength=strength, evidence=(solid + basic)[:_EVIDENCE], denied=denied[:_EVIDENCE])


def _evidence(line: Line, start: int, end: int) -> Evidence:
    return Evidence(quote=prose.quote(line.text, start, end, around=90), line=line.number, section=line.section)


def _strength(text: str, start: int, end: int, line: Line) -> Strength:
    before = _clause_before(text, start)
    after = text[end : end + 60]
    if denies(before, after):
        return "none"
    if line.section in ("education", "interests") or _is_basic(before) or _BASIC_AFTER.match(after):
        return "basic"
    return "solid"


def _is_basic(before: str) -> bool:
    # "Java (basic), Docker": what closed before the term was said of another one.
    found = _BASIC_BEFORE.search(before.rpartition(")")[2])
    return found is not None and not _YES_AGAIN.search(before[found.end() :])


def denies(before: str, after: str) -> bool:
    """Return whether the words around a term say that the person does not have it."""
    if _NO_AFTER.match(after):
        return True
    if _NOT_ONLY.search(before):
        return False
    if _NO_RIGHT_BEFORE.search(before):
        return True
    found = None
    for found in _NO.finditer(before):  # noqa: B007
        pass
    return found is not None and not _YES_AGAIN.search(before[found.end() :])


def _clause_before(text: str, start: int) -> str:
    """Return what stands before the term in its own clause; a line that was only wrapped goes on."""
    first = max(0, start - 200)
    window = text[first:start]
    cut = 0
    for match in _TURN.finditer(window):
        cut = match.end()
    position = window.rfind("\n")
    while position >= cut:
        line_start = text.rfind("\n", max(0, first + position - 200), first + position) + 1
        wrapped = first + position - line_start >= 40  # else too short to have been wrapped: a list, a heading
        if not wrapped or _LABEL.match(text, first + position + 1, start):
            cut = position + 1
            break
        position = window.rfind("\n", 0, position)
    return window[cut:]
