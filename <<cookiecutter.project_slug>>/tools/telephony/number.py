"""Telephone numbers as people write them, and as Twilio wants them."""

from __future__ import annotations

import re

from tools.telephony.errors import TelephonyError

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def phone_number(text: str) -> str:
    """Return a number in the form +4930901820; spaces, brackets, dots, dashes and a leading 00 are taken.

    Raises:
        TelephonyError: it is no such number; the text does not repeat it.
    """
    digits = re.sub(r"[\s().\-/\u00a0\u2010-\u2015]", "", text.replace("(0)", ""))
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if not _E164.fullmatch(digits):
        raise TelephonyError(
            "to is no telephone number that can be called: give it with its country, such as +49 30 901820."
        )
    return digits
