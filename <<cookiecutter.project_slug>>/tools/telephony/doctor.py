"""Whether calls can be placed."""

from __future__ import annotations

import asyncio
import time

from configuration.telephony import TelephonySettings
from tools.checking import Finding, State
from tools.telephony.errors import TelephonyError

SETTINGS = TelephonySettings

# For the connection, and again for the answer: a thread that asks cannot be ended.
_SILENCE_SECONDS = 4.0


def state(settings: TelephonySettings) -> State:
    """Say which account calls are placed with."""
    if settings.twilio_account_sid is None:
        folder = settings.dev_folder
        return State("default", f"TWILIO_ACCOUNT_SID is empty: calls become files in {folder}/calls.")
    for name in ("twilio_auth_token", "twilio_from_number"):
        if getattr(settings, name) is None:
            return State("broken", f"{name.upper()} is empty while TWILIO_ACCOUNT_SID is set: set it, or empty both.")
    return State("configured", f"Calls are placed by {settings.twilio_api_url or 'Twilio'}.")


async def check(settings: TelephonySettings) -> list[Finding]:
    """Fetch the account, and look for the number that calls come from; nobody is called."""
    if settings.twilio_account_sid is None:
        return []
    from tools.telephony.client import Account

    began = time.monotonic()
    try:
        standing = await asyncio.to_thread(Account(settings, _SILENCE_SECONDS).standing)
    except TelephonyError as error:
        said = "Twilio knows no such account (404)." if error.status == 404 else str(error)
        return [Finding("account", False, said, _remedy(error))]
    took = f"{(time.monotonic() - began) * 1000:.0f} ms"
    trial = ", on trial: it calls verified numbers only" if standing.kind == "Trial" else ""
    account = Finding("account", True, f"Twilio took the login, the account is active{trial}, in {took}.")
    if standing.status != "active":
        remedy = "Open Twilio's console: it says why, and how the account becomes active again."
        account = Finding("account", False, f"The account is {standing.status}: it cannot call.", remedy)
    number = Finding("number", True, "Calls come from TWILIO_FROM_NUMBER, which belongs to the account.")
    if not standing.has_number:
        number = Finding(
            "number",
            False,
            "TWILIO_FROM_NUMBER is neither a number of the account nor one that it has verified.",
            "Set TWILIO_FROM_NUMBER to a number of the account, or verify it in Twilio's console as a caller ID.",
        )
    return [account, number]


def _remedy(error: TelephonyError) -> str:
    if error.status == 429:
        wait = "a while" if error.retry_after is None else f"{error.retry_after:g} s"
        return f"Wait {wait} and run this again."
    if error.status is not None and error.status >= 500:
        return "Wait and run this again; https://status.twilio.com tells of outages."
    if error.status is not None:
        return "Copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN anew from Twilio's console."
    if error.retryable:
        return "Check that this machine may reach Twilio, and TWILIO_API_URL if it is set."
    return "Check TWILIO_API_URL and, where a proxy stands between, its certificate."
