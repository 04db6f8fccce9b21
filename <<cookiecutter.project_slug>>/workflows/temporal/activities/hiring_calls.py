"""Telephone calls: billed, so never placed twice."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from db.entities.candidate import Candidate
from db.repositories import calls, effects
from db.session import Database
from settings import Settings
from tools import telephony
from tools.telephony import TelephonyError
from workflows.hiring_scripts import greeting
from workflows.temporal.activities.entities import find, whose
from workflows.temporal.activities.ledger import Detail, Effect, Ledger, application_error
from workflows.temporal.hiring_contracts import CancelCall, HiringActivity, PlaceCall, PlacedCall

# The provider's clock counts whole seconds and is not ours.
_CLOCKS_APART = timedelta(seconds=5)


class HiringCalls:
    """Activities that call people."""

    def __init__(self, settings: Settings, database: Database, ledger: Ledger) -> None:
        self._settings = settings
        self._database = database
        self._ledger = ledger
        # By presence: workflows stand below the API, and import nothing of it.
        self._api_is_there = find_spec("api") is not None

    @activity.defn(name=HiringActivity.PLACE_CALL)
    async def place_call(self, request: PlaceCall) -> PlacedCall:
        """Place a call once; one whose creation was interrupted is found again at the provider."""
        candidate = await find(self._database, Candidate, request)
        if self._settings.twilio_account_sid is not None and not self._settings.public_url:
            raise ApplicationError(
                "PUBLIC_URL is not set: Twilio could not tell how the call ended.", type="Settings", non_retryable=True
            )

        script_url = self._script_url(request.entity_id)

        async def do() -> Detail:
            placed = await telephony.place_call(
                self._settings,
                to=candidate.phone,
                entity_id=request.entity_id,
                status_callback=self._callback(request.entity_id),
                greeting=greeting(candidate.position) if script_url is None else None,
                script_url=script_url,
                idempotency_key=request.key,
            )
            return {"call_sid": placed.sid}

        async def find_again(since: datetime) -> Detail | bool:
            return await self._find(candidate, since) or False

        async def settle(session: AsyncSession, detail: Detail) -> None:
            await calls.record(session, candidate_id=candidate.id, call_sid=detail["call_sid"], status="queued")

        effect = Effect(request.key, "call", whose(request), do=do, find=find_again, shown=("call_sid",), settle=settle)
        return PlacedCall(call_sid=(await self._ledger.once(effect))["call_sid"])

    @activity.defn(name=HiringActivity.CANCEL_CALL)
    async def cancel_call(self, request: CancelCall) -> None:
        """End a call; without a sid, the one that was placed under the key, if any was."""
        sid = request.call_sid or await self._placed(request)
        if sid is not None:
            try:
                await telephony.cancel_call(self._settings, sid)
            except TelephonyError as error:
                raise application_error(error) from None

    async def _placed(self, request: CancelCall) -> str | None:
        async with self._database.session(read_only=True) as session:
            begun = await effects.get(session, request.key)
        if begun is None:
            return None
        detail: Detail | None = begun.detail
        if begun.status != "done":
            candidate = await find(self._database, Candidate, request)
            try:
                detail = await self._find(candidate, begun.created_at)
            except TelephonyError as error:
                raise application_error(error) from None
        return detail["call_sid"] if detail else None

    async def _find(self, candidate: Candidate, since: datetime) -> dict[str, Any] | None:
        """Return the call whose creation was interrupted, if there is one.

        It may be known already, from a callback. What is not it: the candidate's calls under other keys, and those of
        somebody else who has the same number, such as the same person under another application.
        """
        since -= _CLOCKS_APART
        async with self._database.session(read_only=True) as session:
            done = await effects.done(session, "call", candidate.id)
            others = await calls.sids_of_others(session, candidate.id, since)
        known = {detail["call_sid"] for detail in done} | set(others)
        found = await telephony.find_call(self._settings, to=candidate.phone, since=since, exclude=known)
        return {"call_sid": found.sid} if found else None

    def _script_url(self, candidate_id: str) -> str | None:
        """Return where Twilio asks what the call says once somebody answers, for things may have changed by then."""
        base = self._settings.public_url
        if not base or not self._api_is_there or self._settings.twilio_account_sid is None:
            return None
        return f"{base.rstrip('/')}/webhooks/call-script?candidate_id={uuid.UUID(candidate_id)}"

    def _callback(self, candidate_id: str) -> str | None:
        base = self._settings.public_url
        return f"{base.rstrip('/')}/webhooks/call-completed?candidate_id={uuid.UUID(candidate_id)}" if base else None
