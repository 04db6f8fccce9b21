"""Split a CV into its lines and say which section each belongs to."""

# ruff: noqa: RUF001 - dashes and quotes as people type them are what is searched for

from __future__ import annotations

import re
from dataclasses import dataclass

from cv_models import Section

_HEADINGS: dict[Section, str] = {
    "summary": "summary profile|professional profile|profile|about|about me|objective|career objective|personal "
    "statement|overview|"
    "summary|professional summary|executive summary|profil|kurzprofil|über mich|zusammenfassung|persönliches profil|"
    "perfil|"
    "perfil profesional|résumé|à propos|profilo",
    "experience": "experience|work experience|professional experience|employment|employment history|work history|"
    "career|"
    "career history|professional background|relevant experience|job history|positions held|berufserfahrung|"
    "beruflicher werdegang|werdegang|praxiserfahrung|praktische erfahrung|berufspraxis|berufliche erfahrung|"
    "berufliche tätigkeiten|"
    "tätigkeiten|experiencia|experiencia laboral|experiencia profesional|expérience|expérience professionnelle|"
    "expériences professionnelles|expériences|esperienza|esperienze lavorative|esperienza lavorativa|werkervaring|"
    "internships|praktika|doświadczenie|doświadczenie zawodowe|experiência profissional",
    "skills": "skills|technical skills|key skills|core skills|core competencies|competencies|technologies|tech "
    "stack|stack|tools|"
    "expertise|areas of expertise|it skills|programming languages|skills and tools|skills & tools|kenntnisse|"
    "it-kenntnisse|edv-kenntnisse|"
    "fachkenntnisse|fähigkeiten|kompetenzen|technische kenntnisse|technologien|kenntnisse und fähigkeiten|"
    "habilidades|competencias|compétences|compétences techniques|competenze|vaardigheden|umiejętności|competências",
    "education": "education|edu|academic background|academic qualifications|education and training|education & "
    "training|"
    "qualifications|"
    "studies|academic history|ausbildung|bildung|studium|bildungsweg|schulbildung|akademische ausbildung|schulische "
    "ausbildung|hochschulbildung|"
    "ausbildung und studium|studium und ausbildung|formación|formación académica|educación|formation|formations|"
    "études|istruzione|"
    "formazione|opleiding|opleidingen|wykształcenie|formação|weiterbildung|weiterbildungen|courses|training|further "
    "training",
    "projects": "projects|personal projects|side projects|selected projects|open source|projekte|projekterfahrung|"
    "proyectos|projets|progetti|projecten",
    "languages": "languages|lang|language skills|spoken languages|sprachen|sprachkenntnisse|idiomas|langues|lingue|"
    "talen|"
    "języki|línguas",
    "certificates": "certificates|certifications|certification|licenses|licences|awards|honours|honors|achievements|"
    "publications|"
    "zertifikate|zertifizierungen|auszeichnungen|certificaciones|certificats|certificazioni|certificaten|references|"
    "referenzen",
    "volunteering": "volunteering|volunteer work|volunteer experience|voluntary work|community|ehrenamt|"
    "ehrenamtliches engagement|engagement|"
    "voluntariado|bénévolat|volontariato|vrijwilligerswerk",
    "interests": "interests|hobbies|hobbies and interests|interests and hobbies|personal interests|personal|"
    "interessen|hobbys|"
    "hobbys und interessen|intereses|loisirs|centres d'intérêt|interessi",
    "other": "contact|contact details|personal details|personal data|persönliche daten|kontakt|curriculum vitae|cv|"
    "lebenslauf|resume|datos personales",
}
_SECTION_OF: dict[str, Section] = {h: section for section, names in _HEADINGS.items() for h in names.split("|")}
_LONGEST = max(map(len, _SECTION_OF))

# Frames around a heading: "## Skills", "=== Skills ===", "1. Skills", a pictograph.
_FRAME = re.compile(r"^[^\w]*(?:\d{1,2}[.)]\s*)?|[^\w)]*$")
_SPACED = re.compile(r"(?:\w ){3,}\w")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the CV: its number from 1, the offset of its first character, and its section."""

    number: int
    start: int
    text: str
    section: Section


def heading_of(line: str) -> Section | None:
    """Return the section that a line opens, when the whole line is a heading."""
    if len(line) > 2 * _LONGEST + 20:
        return None
    bare = _FRAME.sub("", line.strip()).lower()
    if _SPACED.fullmatch(bare):
        bare = bare.replace(" ", "")  # "E X P E R I E N C E", as designers like it
    bare = bare.replace("’", "'").rstrip(":")
    found = _SECTION_OF.get(bare)
    if found is None:
        # "Work experience (selected)", "Skills and interests": the first part decides.
        first = re.split(r"\s*(?:[(/|&+]|\band\b|\bund\b)\s*", bare, maxsplit=1)[0]
        if first != bare and len(bare) <= _LONGEST + 12:
            found = _SECTION_OF.get(first)
    return found


def _inline_heading(line: str) -> Section | None:
    """Return the section of a line such as "Skills: Python, SQL", which speaks for itself only."""
    head, colon, _ = line.partition(":")
    if not colon or len(head) > _LONGEST + 8:
        return None
    return _SECTION_OF.get(_FRAME.sub("", head.strip()).lower())


def split_lines(text: str) -> list[Line]:
    """Return every line with its section; what stands before the first heading is "other"."""
    lines: list[Line] = []
    current: Section = "other"
    start = 0
    for number, raw in enumerate(text.split("\n"), start=1):
        found = heading_of(raw) if raw.strip() else None
        if found is not None:
            current = found
        section = found or _inline_heading(raw) or current
        lines.append(Line(number, start, raw, section))
        start += len(raw) + 1
    return lines


def line_at(lines: list[Line], offset: int) -> Line:
    """Return the line that holds the character at this offset."""
    low, high = 0, len(lines) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if lines[middle].start <= offset:
            low = middle
        else:
            high = middle - 1
    return lines[low]
