"""Reading text that people wrote: cleaning, language, sentences, key sentences, dates, contact data.

Pure functions over `str`, quick on megabytes; nothing here knows a workflow.
"""

from tools.prose.clean import bounded, clean, one_line, quote, redact
from tools.prose.dates import DateFound, date_near, find_dates, month_number, months_pattern
from tools.prose.language import Language, detect
from tools.prose.sentences import key_sentences, sentences, shorten
from tools.prose.text import Text
from tools.prose.words import STOP_WORDS, content_words, word_set, words

__all__ = [
    "STOP_WORDS",
    "DateFound",
    "Language",
    "Text",
    "bounded",
    "clean",
    "content_words",
    "date_near",
    "detect",
    "find_dates",
    "key_sentences",
    "month_number",
    "months_pattern",
    "one_line",
    "quote",
    "redact",
    "sentences",
    "shorten",
    "word_set",
    "words",
]
