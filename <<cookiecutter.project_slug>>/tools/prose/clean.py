"""Make any text safe to search, to store and to print; take contact data out of quotes."""

from __future__ import annotations

import re
import unicodedata

# Control characters, lone surrogates, and what cannot be seen but breaks a search: bidi marks, zero width
# space, soft hyphen, byte order mark. Joiners (200C, 200D) stay: emoji and Persian need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_LINE_END = re.compile("\r\n?|[\x0c\x85\u2028\u2029]")
_SPACE = re.compile(r"\s+")

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>\"')]{1,500}|\b(?:linkedin|github|xing)\.com/[^\s<>\"')]{1,200}", re.I)
_PHONE = re.compile(
    r"(?<![\w+])(?:(?:\+|00)[1-9][\d ()/.-]{6,20}\d"  # +49 30 1234567
    r"|\(0?\d{2,5}\)[ -]?\d[\d -]{4,12}\d"  # (030) 123 456
    r"|0\d{2,5}[ /-]\d[\d -]{4,12}\d"  # 030/123456
    r"|\d{3}[-.]\d{3}[-.]\d{4})(?!\w)"  # 555-010-1234
)


def clean(text: str) -> str:
    r"""Return the text without what cannot be seen, line ends as `\n`, compatibility characters made plain.

    "\ufb01" (a ligature, common in text taken from a PDF) becomes "fi", a no-break space a space. The
    number of lines stays.
    """
    plain = _UNSEEN.sub("", _LINE_END.sub("\n", text))
    return plain if plain.isascii() else unicodedata.normalize("NFKC", plain)


def bounded(text: str, limit: int) -> tuple[str, bool]:
    """Return at most `limit` characters, cut at a line's end where one is near, and whether any were cut."""
    if len(text) <= limit:
        return text, False
    end = text.rfind("\n", limit - 500, limit)
    return text[: end if end > 0 else limit], True


def one_line(text: str) -> str:
    """Return the text with every run of white space made one space."""
    return _SPACE.sub(" ", text).strip()


def quote(text: str, start: int, end: int, around: int = 60) -> str:
    """Return text[start:end] with at most `around` characters on both sides, on one line, contact data masked.

    Words cut in two are left out, since half an address would not be recognised; "..." stands for what is missing.
    """
    first, last = max(0, start - around), min(len(text), end + around)
    before, after = text[first:start], text[end:last]
    if first > 0 and not text[first - 1].isspace():
        before = "".join(re.split(r"(\s)", before, maxsplit=1)[1:])
    if last < len(text) and not text[last].isspace():
        after = after[: max(after.rfind(" "), after.rfind("\n"), after.rfind("\t"), 0)]
    whole = redact(before + text[start:end][:400] + after)
    return one_line(("..." if first > 0 else "") + whole + ("..." if last < len(text) else ""))


def redact(text: str) -> str:
    """Return the text with e-mail addresses, links and telephone numbers replaced by [email], [link], [phone]."""
    return _PHONE.sub("[phone]", _LINK.sub("[link]", _EMAIL.sub("[email]", text)))
