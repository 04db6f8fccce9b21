"""Twilio's calls for tests and demos: a server that speaks its REST API, keeps what it gets, and fails on order.

It rings nobody: `advance` says how a call goes on, and tells the call's status callback, signed as Twilio does.
"""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from tools.telephony.testing_account import API as _API
from tools.telephony.testing_account import account_routes

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_EVENTS = {"queued": None, "initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
ENDED = ("completed", "busy", "failed", "no-answer", "canceled")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the server got it; `fields` are those of the form, or of the query."""

    method: str
    path: str
    fields: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Fault:
    """What a request meets: a pause, then an error answer, or a broken connection.

    `done` does first what was asked, so that only the answer is lost. `method` limits it to GET or POST.
    """

    status: int = 0
    code: int | None = None
    message: str = "On order"
    retry_after: int | None = None
    delay_seconds: float = 0.0
    reset: bool = False
    done: bool = False
    method: str | None = None


@dataclass
class Call:
    """A call on the server; `events` are those that its callback hears of."""

    sid: str
    to: str
    from_: str
    twiml: str  # given with the call, or what its url answered last
    url: str | None
    script_status: int | None  # what its url answered last; 0: nobody was there
    status_callback: str | None
    events: tuple[str, ...]
    created_at: datetime
    status: str = "queued"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    answered_by: str | None = None


@dataclass
class FakeTwilio:
    """A server that runs: what TWILIO_API_URL, _ACCOUNT_SID, _AUTH_TOKEN and _FROM_NUMBER must be, and what it got."""

    url: str = ""
    account_sid: str = field(default_factory=lambda: f"AC{secrets.token_hex(16)}")
    auth_token: str = field(default_factory=lambda: secrets.token_hex(16))
    from_number: str = "+4930901820"
    account_status: str = "active"
    account_type: str = "Full"
    owns_number: bool = True
    has_verified_number: bool = False
    calls: dict[str, Call] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    _faults: deque[Fault] = field(default_factory=deque)

    def settings(self) -> dict[str, str]:
        """Return the settings of this server, as keywords of `Settings`."""
        return {
            "twilio_api_url": self.url,
            "twilio_account_sid": self.account_sid,
            "twilio_auth_token": self.auth_token,
            "twilio_from_number": self.from_number,
        }

    def fail(self, fault: Fault, *, times: int = 1) -> None:
        """Let the next requests meet a fault."""
        self._faults.extend([fault] * times)

    def next_fault(self, method: str) -> Fault | None:
        """Take the next fault, if it is for this method."""
        if self._faults and self._faults[0].method in (None, method):
            return self._faults.popleft()
        return None

    async def advance(self, sid: str, status: str, **fields: str) -> int | None:
        """Let a call go on: ringing, in-progress, completed, busy, failed, no-answer.

        Args:
            sid: of the call.
            status: its new status.
            **fields: further fields of the callback, such as AnsweredBy="human".

        Returns:
            The HTTP status that the callback answered with; None if it does not hear of this.
        """
        call, now = self.calls[sid], datetime.now(UTC)
        call.status = status
        call.answered_by = fields.get("AnsweredBy", call.answered_by)
        if status != "queued":
            call.started_at = call.started_at or now
        if status in ENDED:
            call.ended_at = now
        if status == "in-progress" and call.url is not None:
            await self.ask_script(sid, **fields)
        event = "completed" if status in ENDED else _EVENTS[status]
        if call.status_callback is None or event not in call.events:
            return None
        if call.ended_at is not None and call.started_at is not None:
            fields = {"CallDuration": str(round((call.ended_at - call.started_at).total_seconds())), **fields}
        return await self.notify(sid, call.status_callback, **fields)

    async def ask_script(self, sid: str, **fields: str) -> int:
        """Ask a call's url what it does, as when it is answered or (RecordingUrl="...") recorded; return the status.

        What it answers is the call's `twiml` then; "" stands for Twilio's own "an application error has occurred".
        """
        call = self.calls[sid]
        assert call.url is not None, "the call has its TwiML from the start"
        try:
            status, call.twiml = await self._post(call, call.url, fields)
        except ClientError:
            status, call.twiml = 0, ""
        if status != 200:
            call.twiml = ""
        call.script_status = status
        return status

    async def notify(self, sid: str, url: str, **fields: str) -> int:
        """Post a signed callback about a call, such as a transcript (TranscriptionText="..."); return its status."""
        return (await self._post(self.calls[sid], url, fields))[0]

    async def _post(self, call: Call, url: str, fields: Mapping[str, str]) -> tuple[int, str]:
        from twilio.request_validator import RequestValidator

        form = {
            "CallSid": call.sid,
            "AccountSid": self.account_sid,
            "To": call.to,
            "From": call.from_,
            "CallStatus": call.status,
            "Direction": "outbound-api",
            "ApiVersion": "2010-04-01",
            **({"AnsweredBy": call.answered_by} if call.answered_by else {}),
            **fields,
        }
        signature = RequestValidator(self.auth_token).compute_signature(url, form)
        limit = ClientTimeout(total=15)  # as long as Twilio waits
        async with (
            ClientSession(timeout=limit) as session,
            session.post(url, data=form, headers={"X-Twilio-Signature": signature}) as answer,
        ):
            return answer.status, await answer.text()


@asynccontextmanager
async def fake_twilio() -> AsyncIterator[FakeTwilio]:
    """Run a Twilio on a free port of 127.0.0.1, in this event loop."""
    fake = FakeTwilio()
    calls = f"{_API}/Accounts/{fake.account_sid}/Calls"
    app = web.Application(middlewares=[_middleware(fake)])
    app.add_routes(
        [
            web.post(f"{calls}.json", partial(_create, fake)),
            web.get(f"{calls}.json", partial(_list, fake)),
            web.get(f"{calls}/{{sid}}.json", partial(_fetch, fake)),
            web.post(f"{calls}/{{sid}}.json", partial(_update, fake)),
            *account_routes(fake),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        listening = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(runner, listening).start()
        fake.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        yield fake
    finally:
        await runner.cleanup()


def _middleware(fake: FakeTwilio) -> Any:
    expected = base64.b64encode(f"{fake.account_sid}:{fake.auth_token}".encode()).decode()

    async def answered(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Basic {expected}":
            return _error(401, 20003, "Authenticate")
        try:
            answer: web.StreamResponse = await handler(request)
        except web.HTTPNotFound:
            return _error(404, 20404, f"The requested resource {request.path} was not found")
        return answer

    @web.middleware
    async def middle(request: web.Request, handler: Any) -> web.StreamResponse:
        given = await request.post() if request.method == "POST" else request.query
        names = dict.fromkeys(given)
        fields = {name: [str(value) for value in given.getall(name)] for name in names}
        fake.requests.append(Request(request.method, request.path, fields))
        fault = fake.next_fault(request.method)
        if fault is None:
            return await answered(request, handler)
        done = await answered(request, handler) if fault.done else None
        await asyncio.sleep(fault.delay_seconds)
        if fault.reset:
            return _reset(request)
        if fault.status:
            return _error(fault.status, fault.code, fault.message, fault.retry_after)
        return await answered(request, handler) if done is None else done

    return middle


def _reset(request: web.Request) -> web.Response:
    """Break the connection as a machine does that lost its power: RST, not FIN."""
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()


def _error(status: int, code: int | None, message: str, retry_after: int | None = None) -> web.Response:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    body = {
        "code": code or (20429 if status == 429 else 20500 if status >= 500 else status),
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code or status}",
        "status": status,
    }
    return web.json_response(body, status=status, headers=headers)


async def _create(fake: FakeTwilio, request: web.Request) -> web.Response:
    form = await request.post()
    to, from_ = str(form.get("To", "")), str(form.get("From", ""))
    if not to:
        return _error(400, 21201, "No 'To' number is specified")
    if not _NUMBER.fullmatch(to):
        return _error(400, 21211, f"The phone number you are attempting to call, {to}, is not valid.")
    if from_ != fake.from_number:
        return _error(400, 21210, f"The source phone number provided, {from_}, is not yet verified for your account.")
    if not form.get("Twiml") and not form.get("Url"):
        return _error(400, 21205, "Url parameter is required.")
    callback = str(form["StatusCallback"]) if form.get("StatusCallback") else None
    events = tuple(str(event) for event in form.getall("StatusCallbackEvent", ["completed"]))
    call = Call(
        sid=f"CA{secrets.token_hex(16)}",
        to=to,
        from_=from_,
        twiml=str(form.get("Twiml", "")),
        url=str(form["Url"]) if form.get("Url") else None,
        script_status=None,
        status_callback=callback,
        events=events,
        created_at=datetime.now(UTC),
    )
    fake.calls[call.sid] = call
    return web.json_response(_document(fake, call), status=201)


async def _list(fake: FakeTwilio, request: web.Request) -> web.Response:
    query = request.query
    found = [call for call in reversed(fake.calls.values()) if _fits(call, query)]
    size, page = int(query.get("PageSize", "50")), int(query.get("Page", "0"))
    shown = found[page * size : (page + 1) * size]

    def page_uri(number: int) -> str:
        return f"{request.path}?{urlencode({**query, 'PageSize': size, 'Page': number})}"

    more = (page + 1) * size < len(found)
    return web.json_response(
        {
            "calls": [_document(fake, call) for call in shown],
            "first_page_uri": page_uri(0),
            "next_page_uri": page_uri(page + 1) if more else None,
            "previous_page_uri": page_uri(page - 1) if page else None,
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + max(0, len(shown) - 1),
            "uri": page_uri(page),
        }
    )


def _fits(call: Call, query: Mapping[str, str]) -> bool:
    """Filter as Twilio does; a call that has not started fits no filter by its start."""
    exact = {"To": call.to, "From": call.from_, "Status": call.status}
    if any(name in query and query[name] != value for name, value in exact.items()):
        return False
    bounds = {name: query[name] for name in ("StartTime>", "StartTime<") if name in query}
    if bounds and call.started_at is None:
        return False
    return all(
        call.started_at is not None
        and (call.started_at >= _time(value) if name.endswith(">") else call.started_at <= _time(value))
        for name, value in bounds.items()
    )


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return at if at.tzinfo else at.replace(tzinfo=UTC)


async def _fetch(fake: FakeTwilio, request: web.Request) -> web.Response:
    call = fake.calls.get(request.match_info["sid"])
    if call is None:
        raise web.HTTPNotFound
    return web.json_response(_document(fake, call))


async def _update(fake: FakeTwilio, request: web.Request) -> web.Response:
    call = fake.calls.get(request.match_info["sid"])
    if call is None:
        raise web.HTTPNotFound
    status = str((await request.post()).get("Status", ""))
    if call.status in ENDED:
        return _error(400, 21220, "Call is not in-progress. Cannot redirect.")
    if status == "completed" or (status == "canceled" and call.status in ("queued", "initiated", "ringing")):
        call.status = status if call.status == "in-progress" else "canceled"
        call.ended_at = datetime.now(UTC)
    return web.json_response(_document(fake, call))


def _document(fake: FakeTwilio, call: Call) -> dict[str, Any]:
    def date(at: datetime | None) -> str | None:
        return None if at is None else format_datetime(at)

    return {
        "sid": call.sid,
        "account_sid": fake.account_sid,
        "to": call.to,
        "from": call.from_,
        "status": call.status,
        "date_created": date(call.created_at),
        "date_updated": date(call.ended_at or call.started_at or call.created_at),
        "start_time": date(call.started_at),
        "end_time": date(call.ended_at),
        "answered_by": call.answered_by,
        "direction": "outbound-api",
        "api_version": "2010-04-01",
        "uri": f"{_API}/Accounts/{fake.account_sid}/Calls/{call.sid}.json",
        "subresource_uris": {},
    }
