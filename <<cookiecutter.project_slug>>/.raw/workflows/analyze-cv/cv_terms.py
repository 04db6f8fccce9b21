"""How a requirement may be written in a CV, as a regular expression over word boundaries."""

# ruff: noqa: RUF001 - dashes and quotes as people type them are what is searched for

from __future__ import annotations

import re
from dataclasses import dataclass

# A leading "=" asks for exactly this case.
_KNOWN: tuple[str, ...] = (
    "kubernetes|k8s|aks|eks|gke|openshift",
    "postgresql|postgres|postgre sql",
    "javascript|js|ecmascript",
    "typescript|ts",
    "node.js|nodejs|node js",
    "react|react.js|reactjs",
    "vue|vue.js|vuejs",
    "next.js|nextjs",
    "go|golang",
    "c#|csharp|c sharp",
    "c++|cpp",
    ".net|dotnet|asp.net|.net core",
    (
        "ci/cd|ci / cd|continuous integration|continuous delivery|continuous deployment|gitlab ci|github actions|"
        "jenkins|circleci|azure pipelines"
    ),
    "aws|amazon web services",
    "gcp|google cloud|google cloud platform",
    "azure|microsoft azure",
    "docker|dockerized|dockerised|dockerfile|docker compose|podman",
    "machine learning|=ML|maschinelles lernen",
    "rest api|restful|=REST|rest interface|rest service|rest endpoint|rest schnittstelle",
    "sql|mysql|postgresql|postgres|t-sql|pl/sql|mariadb|sqlite",
    "mongodb|mongo",
    "elasticsearch|elastic search|opensearch",
    "infrastructure as code|terraform|pulumi|cloudformation",
    "unit testing|unit tests|pytest|junit|tdd|test driven development|test-driven development",
    "project management|projektmanagement|projektleitung|project manager|project lead",
    "scrum|scrum master",
    "excel|ms excel|microsoft excel",
    "customer service|kundenservice|kundenbetreuung|customer support",
    "driving licence|driver's license|driving license|führerschein",
)
_SYNONYMS: dict[str, tuple[str, ...]] = {}
for _row in _KNOWN:
    _names = tuple(_row.split("|"))
    _SYNONYMS[_names[0]] = _names[1:]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Technologies that are also English words: "Go", "Spring", "I excel at ...".
_ALSO_WORDS = _words(
    "go r c d swift rust dart spring express excel word access chef puppet salt make spark storm flask rest less "
    "sass scheme "
    "crystal julia ruby react node next nest unity outlook teams slack jest ember meteor phoenix elixir flow helm "
    "linear sketch notion "
    "airflow basic js ts"
)
_DELIMITER_BEFORE = re.compile(r"(?:^|[\n,;/|(•·:+]|(?:^|\s)[-–*])[ \t]*$")
_WORD_BEFORE = re.compile(r"\b(?:in|with|using|and|or|mit|und|oder|en|con|y|et|avec|o|ou|via)[ \t]+$", re.I)
_DELIMITER_AFTER = re.compile(r"[ \t]*(?:[\n,;/|()•·:+]|\.?[ \t]*(?:\n|$)|[-–][ \t]|\d)")
_WORD_AFTER = re.compile(
    r"[ \t-]+(?:and|or|und|oder|y|et|developer|engineer|programmer|programming|services?|microservices?|backend|"
    r"code|apis?|"
    r"entwick\w+|programmier\w+|kenntnisse|experience|erfahrung)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Term:
    """The ways to write one requirement: a pattern, and for each alias how picky to be about its surroundings."""

    pattern: re.Pattern[str]
    aliases: tuple[str, ...]


def term_for(name: str, synonyms: list[str]) -> Term:
    """Return what to search for, from the name, the synonyms given and those known."""
    aliases: dict[str, None] = {}
    for alias in (name, *synonyms):
        aliases[alias.strip()] = None
        for known in _SYNONYMS.get(alias.strip().lower(), ()):
            aliases[known] = None
    ordered = tuple(sorted((a for a in aliases if a.strip("=")), key=len, reverse=True))
    return Term(re.compile("|".join(f"(?P<a{i}>{_alias(a)})" for i, a in enumerate(ordered)), re.I), ordered)


def _alias(alias: str) -> str:
    bare = alias.removeprefix("=")
    # "Node.js", "Node JS", "node-js": what separates two words may be anything short.
    body = r"[\s\-_./]{0,2}".join(re.escape(part) for part in re.split(r"[\s\-_]+", bare) if part)
    before = r"(?<![\w@])" if bare[:1].isalnum() else r"(?<!\w)"
    if len(bare) <= 3 and bare[:1].isalnum():
        before += r"(?<!\w\.)(?<!\w[-])"  # "js" is not in "node.js", nor "c" in "objective-c"
    after = ""
    if bare[-1:].isalpha() and len(bare) > 2:
        after = r"(?:s|ed|\d{1,2}(?:\.\d{1,2}){0,2}|kenntnisse\w*|entwickl\w+|programmier\w+|erfahrung\w*)?"
    elif bare.endswith("+"):
        after = r"(?:\d\d)?"
    after += r"(?![\w+#])" if bare[-1:] not in "+#" else r"(?!\w)"
    if bare.lower() == "java":
        after += r"(?![- ]?script)"
    return before + body + after


def accepts(term: Term, match: re.Match[str], text: str) -> bool:
    """Return whether a match stands for the requirement, and is no everyday word or part of an address."""
    alias = term.aliases[int((match.lastgroup or "a0")[1:])]
    exact = alias.removeprefix("=")
    if _in_address(text, match.start(), match.end()):
        return False
    if alias.startswith("="):
        return match[0].startswith(exact)
    if alias.lower() not in _ALSO_WORDS and len(alias) > 2:
        return True
    before, after = text[max(0, match.start() - 24) : match.start()], text[match.end() : match.end() + 24]
    listed = bool(_DELIMITER_BEFORE.search(before)) and bool(_DELIMITER_AFTER.match(after))
    if len(exact) == 1 and before.endswith("(") and after.startswith(")"):
        return False  # (c) 2024
    capital = match[0][:1].isupper()
    if len(exact) > 2:
        return capital or listed
    if not capital:
        return listed
    named = bool(_DELIMITER_BEFORE.search(before) or _WORD_BEFORE.search(before))
    return bool(_WORD_AFTER.match(after)) or (named and bool(_DELIMITER_AFTER.match(after)))


def _in_address(text: str, start: int, end: int) -> bool:
    """Return whether the match is inside an e-mail address or a link."""
    left = max(text.rfind(c, max(0, start - 120), start) for c in " \n\t(<|,")
    stops = [i for c in " \n\t)>|," if (i := text.find(c, end, end + 120)) >= 0]
    token = text[left + 1 if left >= 0 else max(0, start - 120) : min(stops, default=min(len(text), end + 120))]
    return (
        "://" in token
        or token.startswith("www.")
        or bool(re.search(r"\w@\w", token))
        or bool(re.match(r"[\w-]+\.(?:com|org|io|net)/", token))
    )
