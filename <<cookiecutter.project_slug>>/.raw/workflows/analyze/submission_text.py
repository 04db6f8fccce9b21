"""The person's own words: without quoted mails, forwarded headers, greeting and signature."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"^\s*(?:>|\|)\s?")
_REPLY_HEADER = re.compile(
    r"^\s*(?:-{2,}\s*(?:original message|forwarded message|ursprüngliche nachricht|weitergeleitete nachricht|"
    r"message d'origine|"
    r"mensaje original)\s*-{2,}|on .{6,80} wrote:|am .{6,80} schrieb.{0,80}:|le .{6,80} a écrit\s?:|el .{6,80} "
    r"escribió:)\s*$",
    re.I,
)
_GREETING = re.compile(
    r"^\s*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|to whom it may concern|hallo|guten (?:tag|"
    r"morgen|abend)|moin|"
    r"sehr geehrte\w*|liebe\w*|bonjour|bonsoir|madame|monsieur|cher|chère|hola|buenos d[ií]as|buenas tardes|"
    r"estimad[oa]s?|ciao|"
    r"buongiorno|gentile|salve|beste|geachte|goedemiddag|olá|bom dia|boa tarde|dzień dobry|"
    r"szanown\w+)\b[^.?!\n]{0,60}[,!.:]?\s*$",
    re.I,
)
_FAREWELL = re.compile(
    r"^\s*(?:--\s*|(?:(?:with )?(?:kind|best|warm|many) )?(?:regards|wishes|thanks)|sincerely|yours(?: sincerely| "
    r"faithfully| truly)?|cheers|"
    r"best|thank you|thanks(?: a lot| in advance| so much)?|mit freundlichen grüßen|freundliche grüße|viele grüße|"
    r"beste grüße|liebe grüße|"
    r"mfg|lg|vg|gruß|danke(?: im voraus)?|vielen dank|cordialement|bien à vous|merci(?: d'avance)?|un saludo|"
    r"saludos(?: cordiales)?|gracias|"
    r"atentamente|cordiali saluti|grazie|distinti saluti|met vriendelijke groeten?|mvg|groeten|atenciosamente|"
    r"obrigad[oa]|pozdrawiam"
    r"|z poważaniem|sent from my \w+|von meinem \w+ gesendet|envoyé de mon \w+)(?!\w)[,.!]?\s*$",
    re.I,
)


def own_words(text: str) -> str:
    """Return the body without what others wrote and without greeting and signature.

    A text that would be left empty is returned whole: a mere "Thanks!" is the message then.
    """
    kept: list[str] = []
    for line in text.split("\n"):
        short = line[:200]
        if _REPLY_HEADER.match(short):
            break
        if not _QUOTED.match(short):
            kept.append(line)
    body = _without_signature(kept)
    while body and (not body[0].strip() or _GREETING.match(body[0][:200])):
        body = body[1:]
    return "\n".join(body).strip() or text.strip()


def _without_signature(lines: list[str]) -> list[str]:
    """Cut at a farewell that is near the end: what follows is a name, a title, an address."""
    for index, line in enumerate(lines):
        if _FAREWELL.match(line[:200]):
            rest = [following for following in lines[index + 1 :] if following.strip()]
            if len(rest) <= 8 and all(len(following) <= 80 for following in rest):
                return lines[:index]
    return lines
