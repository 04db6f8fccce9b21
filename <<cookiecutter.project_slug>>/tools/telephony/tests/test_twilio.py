"""Against a server that answers as Twilio does."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from configuration.telephony import TelephonySettings
from tools import telephony
from tools.telephony.testing import FakeTwilio, Fault, fake_twilio
from tools.telephony.tests.conftest import Make

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

TO = "+4915112345678"
HOOK = "http://127.0.0.1:1/webhooks/call-completed?entity_id=42&x=1"


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with fake_twilio() as server:
        yield server


@pytest.fixture
def settings(make: Make, twilio: FakeTwilio) -> TelephonySettings:
    return make(**twilio.settings())


async def place(settings: TelephonySettings, **changes: Any) -> telephony.PlacedCall:
    given = {"to": TO, "entity_id": "42", "greeting": "Hello.", "status_callback": HOOK, **changes}
    return await telephony.place_call(settings, **given)


async def refused(settings: TelephonySettings, **changes: Any) -> telephony.TelephonyError:
    """The error of placing a call, which is one sentence without number or secret."""
    with pytest.raises(telephony.TelephonyError) as caught:
        await place(settings, **changes)
    token = settings.twilio_auth_token
    assert token is not None
    for word in (TO, token.get_secret_value(), "\n"):
        assert word not in str(caught.value)
    return caught.value


async def test_what_twilio_is_asked(settings: TelephonySettings, twilio: FakeTwilio) -> None:
    placed = await place(settings, to="+49 (0)151 1234-5678", greeting='Hello <Ann> & "co"\x00.', idempotency_key="k")
    assert placed == telephony.PlacedCall(next(iter(twilio.calls)), "queued")
    (request,) = twilio.requests
    assert request.method == "POST"
    assert request.path == f"/2010-04-01/Accounts/{twilio.account_sid}/Calls.json"
    script = request.fields.pop("Twiml")[0]
    assert request.fields == {
        "To": [TO],
        "From": [twilio.from_number],
        "MachineDetection": ["Enable"],
        "StatusCallback": [HOOK],
        "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
        "StatusCallbackMethod": ["POST"],
    }
    response = ElementTree.fromstring(script)
    assert [verb.tag for verb in response] == ["Say", "Record", "Say", "Hangup"]
    assert response[0].text == 'Hello <Ann> & "co" .'
    assert response[1].attrib["transcribe"] == "true"
    assert response[1].attrib["transcribeCallback"] == HOOK
    assert response[1].attrib["maxLength"] == "120"


async def test_a_script_by_its_address(settings: TelephonySettings, twilio: FakeTwilio) -> None:
    url = "https://example.com/webhooks/call-script?entity_id=42"
    await place(settings, greeting=None, script_url=url)
    (asked,) = twilio.requests
    assert (asked.fields["Url"], "Twiml" in asked.fields) == ([url], False)
    with pytest.raises(telephony.TelephonyError, match="script_url"):
        await place(settings, script_url=url)


async def test_ones_own_twiml_and_no_callback(settings: TelephonySettings, twilio: FakeTwilio) -> None:
    script = telephony.call_script("Hi", action="https://x.y/next", max_seconds=30)
    await place(settings, greeting=None, twiml=script, status_callback=None)
    (request,) = twilio.requests
    assert request.fields["Twiml"] == [script]
    assert 'action="https://x.y/next"' in script
    assert "transcribe" not in script
    assert "StatusCallback" not in request.fields


@pytest.mark.parametrize(
    ("fault", "status", "code", "retryable", "uncertain", "words"),
    [
        (Fault(401, 20003), 401, 20003, False, False, "TWILIO_AUTH_TOKEN"),
        (Fault(400, 21211, f"{TO} is not valid"), 400, 21211, False, False, "not valid"),
        (Fault(400, 21215), 400, 21215, False, False, "geographic"),
        (Fault(400, 29999), 400, 29999, False, False, "29999"),
        (Fault(403, 403), 403, None, False, False, "403"),
        (Fault(429, 20429, retry_after=7), 429, 20429, True, False, "too often"),
        (Fault(500, 20500), 500, 20500, True, True, "500"),
        (Fault(503, None), 503, 20500, True, True, "503"),
    ],
)
async def test_error_answers(
    settings: TelephonySettings,
    twilio: FakeTwilio,
    fault: Fault,
    status: int,
    code: int | None,
    retryable: bool,
    uncertain: bool,
    words: str,
) -> None:
    twilio.fail(fault)
    error = await refused(settings)
    assert (error.status, error.code) == (status, code)
    assert (error.retryable, error.uncertain) == (retryable, uncertain)
    assert error.retry_after == fault.retry_after
    assert words in str(error)
    assert len(twilio.requests) == 1, "a creation is never repeated"
    assert twilio.calls == {}


async def test_a_wrong_token(make: Make, twilio: FakeTwilio) -> None:
    error = await refused(make(**twilio.settings() | {"twilio_auth_token": "wrong-token"}))
    assert (error.status, error.retryable) == (401, False)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(reset=True, done=True),
        Fault(reset=True),
        Fault(500, done=True),
        Fault(delay_seconds=3, done=True),
    ],
)
async def test_a_lost_answer_is_uncertain_and_the_call_is_found_again(
    settings: TelephonySettings, twilio: FakeTwilio, fault: Fault
) -> None:
    earlier = await place(settings)
    twilio.fail(fault)
    since = datetime.now(UTC)
    start = time.monotonic()
    error = await refused(settings, timeout_seconds=0.5)
    assert time.monotonic() - start < 2.5
    assert (error.retryable, error.uncertain) == (True, True)
    assert len(twilio.calls) == 1 + fault.done
    found = await telephony.find_call(settings, to=TO, since=since - timedelta(seconds=5), exclude=[earlier.sid])
    assert (found is not None) == fault.done
    if found is not None:
        assert found.sid == list(twilio.calls)[1]
    assert sum(request.method == "POST" for request in twilio.requests) == 2, "a creation is never repeated"


async def test_an_answer_that_comes_late_is_of_one_call(settings: TelephonySettings, twilio: FakeTwilio) -> None:
    twilio.fail(Fault(delay_seconds=0.3, done=True))
    placed = await place(settings)
    assert list(twilio.calls) == [placed.sid]


async def test_twilio_is_gone(make: Make, twilio: FakeTwilio) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}", "http://api.invalid"):
        error = await refused(make(**twilio.settings() | {"twilio_api_url": url}))
        assert (error.retryable, error.uncertain) == (True, False)
        assert "cannot be reached" in str(error)


async def test_tls_where_there_is_none(make: Make, twilio: FakeTwilio) -> None:
    url = twilio.url.replace("http://", "https://")
    error = await refused(make(**twilio.settings() | {"twilio_api_url": url}))
    assert (error.retryable, error.uncertain) == (False, False)


async def test_an_answer_that_is_none(make: Make, twilio: FakeTwilio) -> None:
    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<html>proxy</html>", status=200 if "ok" in request.path else 502)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        for path in ("", "/ok"):
            error = await refused(make(**twilio.settings() | {"twilio_api_url": base + path}))
            assert (error.retryable, error.uncertain) == (True, True)
    finally:
        await runner.cleanup()


async def test_an_answer_that_trickles_in_is_not_waited_for(make: Make, twilio: FakeTwilio) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", trickle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    settings = make(**twilio.settings() | {"twilio_api_url": f"http://127.0.0.1:{runner.addresses[0][1]}"})
    start = time.monotonic()
    try:
        error = await refused(settings, timeout_seconds=0.2)
    finally:
        await runner.cleanup()
    assert time.monotonic() - start < 3
    assert (error.retryable, error.uncertain) == (True, True)


@pytest.mark.parametrize("missing", ["twilio_auth_token", "twilio_from_number"])
async def test_half_an_account(make: Make, twilio: FakeTwilio, missing: str) -> None:
    settings = make(**twilio.settings() | {missing: None})
    with pytest.raises(telephony.TelephonyError, match=f"^{missing.upper()} is empty") as caught:
        await place(settings)
    assert not caught.value.retryable


async def test_find_filters_by_number_and_time(settings: TelephonySettings, twilio: FakeTwilio) -> None:
    first = await place(settings)
    await place(settings, to="+4930123456")
    second = await place(settings)
    twilio.calls[first.sid].created_at -= timedelta(hours=2)
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert await telephony.find_call(settings, to=TO, since=hour_ago) == second
    assert await telephony.find_call(settings, to=TO, since=hour_ago, exclude={second.sid}) is None
    longer_ago = hour_ago - timedelta(hours=2)
    assert await telephony.find_call(settings, to="0049 151 12345678", since=longer_ago, exclude={second.sid}) == first
    assert await telephony.find_call(settings, to=TO, since=datetime.now(UTC) + timedelta(seconds=2)) is None
    with pytest.raises(telephony.TelephonyError, match="time zone"):
        await telephony.find_call(settings, to=TO, since=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the fault


async def test_find_asks_for_no_start(settings: TelephonySettings, twilio: FakeTwilio) -> None:
    """A call that waits has not started, and would fit no filter by its start."""
    await place(settings)
    await telephony.find_call(settings, to=TO, since=datetime.now(UTC) - timedelta(minutes=1))
    assert set(twilio.requests[-1].fields) == {"To", "From", "PageSize"}


async def test_find_fails_as_twilio_does(settings: TelephonySettings, twilio: FakeTwilio) -> None:
    twilio.fail(Fault(429, retry_after=3))
    twilio.fail(Fault(reset=True))
    for retry_after in (3, None):
        with pytest.raises(telephony.TelephonyError) as caught:
            await telephony.find_call(settings, to=TO, since=datetime.now(UTC))
        assert (caught.value.retryable, caught.value.uncertain) == (True, False)
        assert caught.value.retry_after == retry_after
        assert TO not in str(caught.value)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("queued", "canceled"),
        ("ringing", "canceled"),
        ("in-progress", "completed"),
        ("completed", "completed"),
        ("no-answer", "no-answer"),
        ("canceled", "canceled"),
    ],
)
async def test_cancel(settings: TelephonySettings, twilio: FakeTwilio, before: str, after: str) -> None:
    placed = await place(settings)
    twilio.calls[placed.sid].status = before
    assert await telephony.cancel_call(settings, placed.sid) == telephony.PlacedCall(placed.sid, after)
    assert twilio.calls[placed.sid].status == after


@pytest.mark.parametrize(("meanwhile", "after"), [("no-answer", "no-answer"), ("in-progress", "completed")])
async def test_cancel_a_call_that_goes_on_meanwhile(
    settings: TelephonySettings, twilio: FakeTwilio, meanwhile: str, after: str
) -> None:
    placed = await place(settings)
    twilio.calls[placed.sid].status = "ringing"
    asked = len(twilio.requests)
    twilio.fail(Fault(delay_seconds=0.3, method="POST"))
    cancelling = asyncio.create_task(telephony.cancel_call(settings, placed.sid))
    while len(twilio.requests) < asked + 2:  # its look at the call, then its order, which waits
        await asyncio.sleep(0.005)
    twilio.calls[placed.sid].status = meanwhile
    assert await cancelling == telephony.PlacedCall(placed.sid, after)


async def test_cancel_a_call_that_is_none(settings: TelephonySettings) -> None:
    with pytest.raises(telephony.TelephonyError, match="no such call") as caught:
        await telephony.cancel_call(settings, "CA" + "0" * 32)
    assert (caught.value.status, caught.value.retryable) == (404, False)


async def test_logs_hold_no_number_and_no_secret(
    settings: TelephonySettings, twilio: FakeTwilio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await place(settings, greeting="Zebulon")
    await telephony.find_call(settings, to=TO, since=datetime.now(UTC))
    for word in (TO, TO[1:], "Zebulon", twilio.auth_token, "entity_id"):
        assert word not in caplog.text


async def test_callbacks_are_signed_and_only_those_asked_for(settings: TelephonySettings, twilio: FakeTwilio) -> None:
    heard: list[dict[str, str]] = []

    async def hear(request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        validator = RequestValidator(twilio.auth_token)
        assert validator.validate(str(request.url), form, request.headers["X-Twilio-Signature"])
        heard.append(form)
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/hook", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook?entity_id=42"
    try:
        placed = await place(settings, status_callback=url)
        assert await twilio.advance(placed.sid, "ringing") == 202
        assert await twilio.advance(placed.sid, "in-progress", AnsweredBy="human") == 202
        assert await twilio.advance(placed.sid, "completed") == 202
        assert await twilio.notify(placed.sid, url, TranscriptionText="Hello.") == 202
        silent = await place(settings, status_callback=None)
        assert await twilio.advance(silent.sid, "completed") is None
    finally:
        await runner.cleanup()
    assert [form["CallStatus"] for form in heard] == ["ringing", "in-progress", "completed", "completed"]
    assert {form["CallSid"] for form in heard} == {placed.sid}
    assert heard[2]["AnsweredBy"] == "human"
    assert heard[2]["CallDuration"] == "0"
    assert heard[3]["TranscriptionText"] == "Hello."
