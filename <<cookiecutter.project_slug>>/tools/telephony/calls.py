"""Places, finds and cancels calls: by Twilio if TWILIO_ACCOUNT_SID is set, else on record only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from tools.telephony import recorder
from tools.telephony.errors import TelephonyError
from tools.telephony.number import phone_number
from tools.telephony.script import call_script

if TYPE_CHECKING:
    from configuration.telephony import TelephonySettings

TIMEOUT_SECONDS = 10.0
"""Longest silence of Twilio's that is waited for, once for the connection and once for the answer.

The whole of it takes no longer than three times as much, four times that for `cancel_call`, which may ask four times.
"""

ResultT = TypeVar("ResultT")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """A call: Twilio's sid (CA and 32 hex digits), and its status, in Twilio's words.

    queued, initiated, ringing, in-progress, then completed, busy, failed, no-answer or canceled.
    """

    sid: str
    status: str


async def place_call(
    settings: TelephonySettings,
    *,
    to: str,
    entity_id: str,
    status_callback: str | None,
    greeting: str | None = None,
    twiml: str | None = None,
    script_url: str | None = None,
    idempotency_key: str | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> PlacedCall:
    """Ask for a call, once: nothing is repeated here, since a repeated request is a second billed call.

    Whoever wants to try again after an `uncertain` error asks `find_call` first, and so does whoever was cancelled
    while waiting: the request is in a thread, and goes on.

    Args:
        settings: the account; without one the call is recorded in DEV_FOLDER/calls.
        to: the number, with its country.
        entity_id: what it is about; kept in the record, and for nothing else.
        status_callback: URL that hears of initiated, ringing, answered and completed, and gets the transcript.
            None: nobody is told.
        greeting: what is said before the recording. Give it, `twiml` or `script_url`.
        twiml: the whole of what the call does, see `call_script`.
        script_url: where Twilio asks for that when somebody answers, by a signed POST.
        idempotency_key: without an account, the same key is the same call. Twilio knows no such thing.
        timeout_seconds: longest silence that is waited for, for the connection and for the answer.

    Raises:
        TelephonyError: there is no call, or (`uncertain`) whether there is one is not known.
    """
    number = phone_number(to)
    script = _script(greeting, twiml, script_url, status_callback)
    if settings.twilio_account_sid is None:
        request = {"to": number, "entity_id": entity_id, "status_callback": status_callback, **script}
        call = await asyncio.to_thread(recorder.record, settings, request, idempotency_key)
        level = logging.WARNING if settings.environment == "production" else logging.INFO
        logger.log(level, "TWILIO_ACCOUNT_SID is empty: call %s is on record only, in DEV_FOLDER/calls", call["sid"])
        return PlacedCall(call["sid"], call["status"])
    from tools.telephony.client import Account

    account = Account(settings, timeout_seconds)
    limit = 3 * timeout_seconds
    placed = PlacedCall(
        *await _in_thread(partial(account.create, number, script, status_callback), limit, creates=True)
    )
    logger.info("Call %s is placed.", placed.sid)
    return placed


async def find_call(
    settings: TelephonySettings,
    *,
    to: str,
    since: datetime,
    exclude: Collection[str] = (),
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> PlacedCall | None:
    """Return the latest call to a number that was created at or after `since`; None if there is none.

    So a creation whose answer was lost is found again, and not repeated. Twilio's clock counts whole seconds and is
    not ours: give a `since` that is some seconds early, and the sids of earlier calls as `exclude`.

    Raises:
        TelephonyError: `since` has no zone, or Twilio could not be asked.
    """
    if since.utcoffset() is None:
        raise TelephonyError("since has no time zone: give an aware datetime, such as datetime.now(UTC).")
    number = phone_number(to)
    if settings.twilio_account_sid is None:
        call = await asyncio.to_thread(recorder.find, settings, number, since, exclude)
        return None if call is None else PlacedCall(call["sid"], call["status"])
    from tools.telephony.client import Account

    account = Account(settings, timeout_seconds)
    found = await _in_thread(partial(account.find, number, since, exclude), 3 * timeout_seconds)
    return None if found is None else PlacedCall(*found)


async def cancel_call(settings: TelephonySettings, sid: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> PlacedCall:
    """End a call: one that waits or rings is canceled, one in progress is hung up, one that has ended stays as it is.

    Raises:
        TelephonyError: there is no such call, or Twilio could not be asked.
    """
    if settings.twilio_account_sid is None:
        call = await asyncio.to_thread(recorder.cancel, settings, sid)
        return PlacedCall(call["sid"], call["status"])
    from tools.telephony.client import Account

    account = Account(settings, timeout_seconds)
    return PlacedCall(*await _in_thread(partial(account.cancel, sid), 12 * timeout_seconds))


async def _in_thread(ask: Callable[[], ResultT], limit: float, *, creates: bool = False) -> ResultT:
    """Wait for a thread, and not for ever: an answer that trickles in is never silent for long."""
    try:
        async with asyncio.timeout(limit):
            return await asyncio.to_thread(ask)
    except TimeoutError:
        raise TelephonyError(
            f"Twilio gave no whole answer (within {limit:g} s).", retryable=True, uncertain=creates
        ) from None


def _script(
    greeting: str | None, twiml: str | None, script_url: str | None, status_callback: str | None
) -> dict[str, str]:
    """Return what the call does, by Twilio's names: `url`, or `twiml`."""
    if sum(value is not None for value in (greeting, twiml, script_url)) != 1:
        raise TelephonyError("Give greeting, twiml or script_url, one of them: what shall the call say?")
    if script_url is not None:
        return {"url": script_url}
    script = twiml if greeting is None else call_script(greeting, transcribe_callback=status_callback)
    if not script or len(script) > 4000:
        raise TelephonyError("greeting or twiml is empty or too long: Twilio takes 4000 characters of TwiML.")
    return {"twiml": script}
