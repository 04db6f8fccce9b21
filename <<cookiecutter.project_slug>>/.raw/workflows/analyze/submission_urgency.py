"""How soon somebody should look at a submission, with the words that say so."""

# ruff: noqa: E501 - a family of phrases stays on one line

from __future__ import annotations

import re

from submission_classify import quote
from submission_models import Category, Reason, Urgency

_LEVELS: tuple[Urgency, ...] = ("low", "normal", "high", "critical")

_CRITICAL = (
    ("a system is down", r"\b(?:production|prod|live (?:site|system)|whole (?:site|system|platform)|website|web ?shop|checkout|service|platform|api|server|everything) (?:is|are|has been|went|seems) (?:completely |totally |currently )?(?:down|offline|unavailable|unreachable)\b|\b(?:total|complete|major) outage\b|(?:produktion|webshop|onlineshop|server|system|alles) (?:ist |sind )?(?:komplett |völlig )?(?:ausgefallen|offline|steht still|nicht erreichbar)|totalausfall|(?:le site|le serveur|la production) est (?:hors service|en panne|à l'arrêt)"),
    ("nobody can work", r"\b(?:none of (?:us|our \w+)|nobody|no one|all (?:of )?(?:our|us|users|customers)|the entire (?:team|company|office)) (?:can(?:'?t| not)?|is able to|are unable to|cannot) (?:[\w']+ ){0,2}?(?:log ?in|work|access|order|pay|sign in|use)|keiner (?:von uns )?kann (?:arbeiten|sich anmelden)"),
    ("a security incident", r"\b(?:data (?:breach|leak)|security (?:breach|incident|vulnerability)|(?:account|server|system)s? (?:was|were|has been|got|is) (?:hacked|compromised)|ransomware|unauthori[sz]ed (?:access|transaction|payment)s?|phishing attack|datenleck|gehackt|sicherheitslücke|sicherheitsvorfall|cyberangriff|piratage|hackead[oa])\b"),
    ("somebody may be in danger", r"\b(?:injur(?:y|ed|ies)|caught fire|smoke coming|electric shock|gas leak|allergic reaction|life[- ]threatening|hospital(?:i[sz]ed)?|suicid\w+|verletzt|brand gefahr|brandgefahr|in flammen|stromschlag|lebensgefahr)\b"),
)  # fmt: skip
_HIGH = (
    ("asks for haste", r"\b(?:urgent(?:ly)?|asap|as soon as possible|immediately|right away|emergency|time[- ]critical|high priority|dringend|eilt|eilig|sofort|umgehend|unverzüglich|schnellstmöglich|notfall|au plus vite|de toute urgence|dès que possible|urgente(?:mente)?|lo antes posible|inmediatamente|urgentissimo|spoed|pilne)\b"),
    ("names a near deadline", r"\b(?:by|until|before|no later than|due) (?:today|tonight|tomorrow|this (?:afternoon|evening|week)|end of (?:the )?(?:day|week)|eod|monday|tuesday|wednesday|thursday|friday)\b|within (?:the next )?(?:\d{1,2}|two|three|few|24|48) hours|\b(?:bis|noch) (?:heute|morgen|ende der woche|montag|dienstag|mittwoch|donnerstag|freitag)\b|avant (?:ce soir|demain|vendredi)|antes de mañana|deadline (?:is )?(?:today|tomorrow)"),
    ("threatens legal steps", r"\b(?:lawyer|solicitor|attorney|legal action|sue you|small claims|ombudsman|chargeback|anwalt|rechtliche schritte|klage einreichen|verbraucherzentrale|avocat|abogado)\b"),
    ("has asked before", r"(?:third|fourth|fifth|3rd|4th|5th) (?:time|e-?mail|call|attempt|reminder)|(?:zum|das) (?:dritten|vierten)(?: mal)?|troisième fois|tercera vez"),
    ("is locked out", r"\blocked out\b|(?:can(?:'?t|not)|unable to) (?:[\w']+ ){0,2}?(?:log ?in|sign ?in|access my account)|account (?:is |was |has been )?(?:locked|suspended|blocked)|ausgesperrt|konto (?:ist )?gesperrt|compte bloqué|cuenta bloqueada"),
    ("money went wrong", r"(?:charged|billed|debited|abgebucht) (?:me |us )?(?:twice|double|doppelt|zweimal|three times)|doppelt abgebucht"),
)  # fmt: skip
_LOW = (
    ("says there is no hurry", r"\b(?:no (?:rush|hurry)|not (?:at all )?(?:urgent|time[- ]critical)|(?:nothing|isn'?t|is not) urgent|whenever (?:you|it)|when(?:ever)? you (?:have|get) (?:a |the )?(?:time|chance|moment)|low priority|take your time|nicht (?:so )?(?:dringend|eilig)|eilt nicht|keine eile|hat zeit|pas urgent|sans urgence|rien d'urgent|no es urgente|sin prisa|non urgente)\b"),
    ("only for information", r"\b(?:just (?:an? )?(?:fyi|idea|thought|suggestion)|for your information|no (?:reply|response|answer|action) (?:needed|necessary|required|expected)|zur info(?:rmation)?|keine antwort nötig|pour information)\b"),
)  # fmt: skip

Signals = tuple[tuple[str, re.Pattern[str]], ...]


def _compiled(signals: tuple[tuple[str, str], ...]) -> Signals:
    return tuple((name, re.compile(pattern, re.I)) for name, pattern in signals)


_SIGNALS: tuple[tuple[Urgency, Signals], ...] = (
    ("critical", _compiled(_CRITICAL)),
    ("high", _compiled(_HIGH)),
    ("low", _compiled(_LOW)),
)
_DENIED = re.compile(
    r"\b(?:not?|isn'?t|never|nothing|without|nicht|kein\w*|pas|rien d'|sin|non|if|in case|was|"
    r"falls)\s+(?:[\w']+\s+){0,2}$",
    re.I,
)
_SHOUTING = re.compile(r"\b[A-ZÄÖÜ]{4,}\b")


def judge_urgency(subject: str, text: str, category: Category) -> tuple[Urgency, list[Reason]]:
    """Return the level and the reasons for it; spam is always low, and "not urgent" is not urgent."""
    if category == "spam":
        return "low", [Reason(reason="looks like spam", quote="")]
    whole = f"{subject}\n{text}"
    reasons: list[tuple[Urgency, Reason]] = []
    for level, signals in _SIGNALS:
        for name, pattern in signals:
            match = _first_meant(pattern, whole, checked=level != "low")
            if match:
                reasons.append((level, Reason(reason=name, quote=quote(match))))
    levels = [level for level, _ in reasons]
    if "critical" in levels:
        chosen: Urgency = "critical"
    elif "low" in levels and levels.count("high") <= 1:
        # Whoever writes "no rush" means it, unless two other things say otherwise.
        chosen = "low"
    elif "high" in levels:
        chosen = "high"
    elif category in ("feedback", "partnership"):
        chosen = "low"
        reasons.append(("low", Reason(reason=f"a {category} message can wait", quote="")))
    else:
        chosen = "normal"
    if chosen == "normal" and (shouted := _shouts(whole)):
        chosen = "high"
        reasons.append(("high", Reason(reason="is written in capitals", quote=shouted)))
    return chosen, [reason for level, reason in reasons if level == chosen]


def _first_meant(pattern: re.Pattern[str], text: str, *, checked: bool) -> re.Match[str] | None:
    for match in pattern.finditer(text):
        if not checked or not _DENIED.search(text[max(0, match.start() - 30) : match.start()]):
            return match
    return None


def _shouts(text: str) -> str:
    """Return the first word shouted when at least half of the letters, of thirty or more, are capitals."""
    letters = [c for c in text[:5000] if c.isalpha() and c.lower() != c.upper()]
    if len(letters) < 30 or sum(c.isupper() for c in letters) < 0.5 * len(letters):
        return ""
    match = _SHOUTING.search(text)
    return match[0][:40] if match else ""
