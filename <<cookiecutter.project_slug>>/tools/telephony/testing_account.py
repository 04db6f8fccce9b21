"""What the Twilio of the tests says of its account and its numbers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from tools.telephony.testing import FakeTwilio

API = "/2010-04-01"


def account_routes(fake: FakeTwilio) -> list[web.RouteDef]:
    """Return the account, the numbers that it owns, and those that it has verified."""
    account = f"{API}/Accounts/{fake.account_sid}"
    return [
        web.get(f"{account}.json", partial(_account, fake)),
        web.get(f"{account}/IncomingPhoneNumbers.json", partial(_numbers, fake, "incoming_phone_numbers")),
        web.get(f"{account}/OutgoingCallerIds.json", partial(_numbers, fake, "outgoing_caller_ids")),
    ]


async def _account(fake: FakeTwilio, request: web.Request) -> web.Response:
    return web.json_response(
        {
            "sid": fake.account_sid,
            "auth_token": fake.auth_token,
            "friendly_name": "Of the tests",
            "status": fake.account_status,
            "type": fake.account_type,
            "owner_account_sid": fake.account_sid,
            "date_created": None,
            "date_updated": None,
            "subresource_uris": {},
            "uri": request.path,
        }
    )


async def _numbers(fake: FakeTwilio, kind: str, request: web.Request) -> web.Response:
    has = fake.owns_number if kind == "incoming_phone_numbers" else fake.has_verified_number
    wanted = request.query.get("PhoneNumber", fake.from_number)
    found: list[dict[str, Any]] = []
    if has and wanted == fake.from_number:
        found = [{"sid": f"PN{'0' * 32}", "account_sid": fake.account_sid, "phone_number": fake.from_number}]
    return web.json_response(
        {kind: found, "page": 0, "page_size": 1, "first_page_uri": request.path, "next_page_uri": None}
    )
