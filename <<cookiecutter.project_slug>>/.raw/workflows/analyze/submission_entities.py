"""Order numbers, invoices, tickets, dates and amounts named in a text."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from submission_models import Entity, EntityKind

from tools import prose

_MOST = 30

# "order no. NW-20417", "Bestellung #4711", "invoice 2024/118"; the number holds a digit.
_ID = r"(?P<id>(?=[\w/-]{0,20}\d)[A-Z0-9][A-Z0-9/_-]{2,24}(?<![/_-]))(?!\w)"
_MARK = (
    r"\s*(?:(?:numbers?|no\.?|nr\.?|id|ref(?:erence)?|nummer|numéro|número|n°|nº)\s*)?"
    r"(?:is|was|:|#|lautet|ist)?\s*[#:]?\s*"
)
_KINDS: tuple[tuple[EntityKind, str], ...] = (
    (
        "order",
        (
            r"order|purchase|bestell(?:ung|nummer|-?nr\.?)|auftrag(?:snummer|s-?nr\.?)?|commande|pedido|ordine|"
            r"bestelling|po"
        ),
    ),
    ("invoice", r"invoice|receipt|bill|rechnung(?:snummer|s-?nr\.?)?|facture|factura|fattura|factuur"),
    ("ticket", r"ticket|case|incident|issue|reference|ref\.?|request|vorgang(?:snummer)?|aktenzeichen|dossier|caso"),
    (
        "customer",
        r"customer|account|client|contract|kunden?(?:nummer|-?nr\.?)?|vertrag(?:snummer|s-?nr\.?)?|cliente?|contrato",
    ),
)
_NAMED = tuple((kind, re.compile(rf"\b(?:{words}){_MARK}{_ID}", re.I)) for kind, words in _KINDS)
_PREFIXES: dict[str, EntityKind] = {
    "ord": "order", "po": "order", "so": "order", "inv": "invoice", "re": "invoice", "rg": "invoice", "tkt": "ticket",
    "inc": "ticket", "case": "ticket", "cust": "customer",
}  # fmt: skip
_BARE = re.compile(r"(?<![\w/-])(?P<prefix>ORD|PO|SO|INV|RE|RG|TKT|INC|CASE|CUST)[-_#](?P<rest>\d[\w-]{1,20})(?!\w)")

_NUMBER = r"\d{1,3}(?:[.,' ]\d{3}){1,4}(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?"
_CURRENCY = r"€|\$|£|¥|EUR|USD|GBP|CHF|JPY|PLN|SEK|euros?|dollars?|pounds?|zł"
_AMOUNT = re.compile(
    rf"(?<![\w.,])(?P<before>{_CURRENCY})\s?(?P<n1>{_NUMBER})(?!\d)"
    rf"|(?<![\w.,#/-])(?P<n2>{_NUMBER})(?!\d)\s?(?:,--?\s?)?(?P<after>{_CURRENCY})(?!\w)",
    re.I,
)
_CODES = {
    "€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "euro": "EUR", "euros": "EUR", "dollar": "USD", "dollars": "USD",
    "pound": "GBP", "pounds": "GBP", "zł": "PLN",
}  # fmt: skip


def find_entities(text: str) -> list[Entity]:
    """Return what is named, in order of the text, each once; at most thirty."""
    found: list[tuple[int, Entity]] = []
    taken: list[tuple[int, int]] = []
    for day in prose.find_dates(text):
        found.append((day.start, Entity(kind="date", text=day.text, value=day.day.isoformat() if day.day else None)))
        taken.append((day.start, day.start + len(day.text)))
        if len(found) >= _MOST:
            break
    for match in _limited(_AMOUNT, text):
        number = match["n1"] or match["n2"]
        currency = match["before"] or match["after"]
        value = _amount(number, currency)
        found.append((match.start(), Entity(kind="amount", text=prose.one_line(match[0]), value=value)))
        taken.append(match.span())
    for kind, pattern in _NAMED:
        for match in _limited(pattern, text):
            if _free(match.start("id"), taken) and _is_number(match):
                taken.append(match.span("id"))
                found.append((match.start("id"), Entity(kind=kind, text=match["id"], value=match["id"].upper())))
    for match in _limited(_BARE, text):
        if _free(match.start(), taken):
            found.append(
                (match.start(), Entity(kind=_PREFIXES[match["prefix"].lower()], text=match[0], value=match[0].upper()))
            )
    unique: dict[tuple[str, str], Entity] = {}
    for _, entity in sorted(found, key=lambda item: item[0]):
        unique.setdefault((entity.kind, entity.value or entity.text), entity)
    return list(unique.values())[:_MOST]


def _limited(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    return [match for _, match in zip(range(_MOST), pattern.finditer(text), strict=False)]


def _is_number(match: re.Match[str]) -> bool:
    """Return whether the match is an id: "order 250 chairs" names none, "order #250" does."""
    lead = match.string[match.start() : match.start("id")]
    marked = bool(re.search(r"[#:°º]|\b(?:no|nr|id|ref|number|nummer|numéro|número|is|ist)\b", lead, re.I))
    return marked or not match["id"].isdigit() or len(match["id"]) >= 4


def _free(offset: int, taken: list[tuple[int, int]]) -> bool:
    return all(not start <= offset < end for start, end in taken)


def _amount(number: str, currency: str) -> str | None:
    """Return "1299.00 EUR" for "1.299,00 €": the last mark with one or two digits after it is the decimal one."""
    digits = re.sub(r"[' ]", "", number)
    decimal = re.search(r"[.,](\d{1,2})$", digits)
    whole = re.sub(r"[.,]", "", digits[: decimal.start()] if decimal else digits)
    try:
        value = Decimal(f"{whole}.{decimal[1]}" if decimal else whole)
    except InvalidOperation:
        return None
    return f"{value:.2f} {_CODES.get(currency.lower(), currency.upper())}"
