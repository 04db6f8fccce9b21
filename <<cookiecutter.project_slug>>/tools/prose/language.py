"""Tell the language of a text by its script and its stop words."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from tools.prose.words import STOP_WORDS, words

_SAMPLE = 20_000

# A script that one language (nearly) owns. Order matters: kana before Han, since Japanese uses both.
_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("ja", r"[\u3040-\u30ff]"),
    ("zh", r"[\u4e00-\u9fff]"),
    ("ko", r"[\uac00-\ud7af]"),
    ("ar", r"[\u0600-\u06ff]"),
    ("he", r"[\u0590-\u05ff]"),
    ("el", r"[\u0370-\u03ff]"),
    ("hi", r"[\u0900-\u097f]"),
    ("th", r"[\u0e00-\u0e7f]"),
    ("uk", r"[іїєґ]"),
    ("ru", r"[\u0400-\u04ff]"),
)
# Letters that speak for one of the languages that share the Latin script.
_LETTERS: dict[str, str] = {"de": "äöüß", "fr": "êèçœùâî", "es": "ñ¿¡", "it": "ìò", "pt": "ãõ", "pl": "łąęśżźćń"}


@dataclass(frozen=True, slots=True)
class Language:
    """An ISO 639-1 code, "und" when it cannot be told, and a confidence from 0 to 1."""

    code: str
    confidence: float


def detect(text: str) -> Language:
    """Return the language of the text, judged by its first 20 000 characters."""
    sample = text[:_SAMPLE].lower()
    letters = sum(1 for c in sample if c.isalpha())
    if letters == 0:
        return Language("und", 0.0)
    for code, pattern in _SCRIPTS:
        share = len(re.findall(pattern, sample)) / letters
        # Kana and the Ukrainian letters are sure signs even where they are few.
        if share > (0.02 if code in ("ja", "uk") else 0.3) and not (
            code == "uk" and not _mostly_cyrillic(sample, letters)
        ):
            return Language(code, round(min(1.0, 0.6 + share), 2))
    return _by_stop_words(sample)


def _mostly_cyrillic(sample: str, letters: int) -> bool:
    return len(re.findall(r"[\u0400-\u04ff]", sample)) / letters > 0.3


def _by_stop_words(sample: str) -> Language:
    counts = Counter(words(sample))
    scores: dict[str, float] = {}
    for code, stop in STOP_WORDS.items():
        # A word that several languages share ("in", "a", "de") says less about each of them.
        score = sum(n / sum(w in other for other in STOP_WORDS.values()) ** 1.5 for w, n in counts.items() if w in stop)
        scores[code] = score + sum(0.5 * sample.count(letter) for letter in _LETTERS.get(code, ""))
    (code, best), (_, second) = sorted(scores.items(), key=lambda item: -item[1])[:2]
    if best < 0.5:
        return Language("und", 0.0)
    margin = (best - second) / best
    # Little text gives little certainty, however clear the margin: about ten hits make it full.
    return Language(code, round(min(0.99, (0.4 + 0.6 * margin) * min(1.0, 0.3 + best / 10)), 2))
