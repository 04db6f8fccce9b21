"""What the doctor finds of Twilio: it calls nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tools.checking import Finding
from tools.telephony import doctor
from tools.telephony.testing import FakeTwilio, Fault, fake_twilio
from tools.telephony.tests.conftest import Make

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with fake_twilio() as running:
        yield running


def sound(finding: Finding, twilio: FakeTwilio) -> Finding:
    """A finding, which tells no secret and no number."""
    for text in (finding.detail, finding.remedy or "."):
        assert text.endswith(".")
        assert "\n" not in text
        assert not [word for word in (twilio.auth_token, twilio.account_sid, twilio.from_number) if word in text]
    return finding


def test_the_state_looks_at_settings_only(make: Make) -> None:
    fake = FakeTwilio(url="http://127.0.0.1:9")
    assert doctor.state(make()).kind == "default"
    assert doctor.state(make(**fake.settings())).kind == "configured"
    for name in ("twilio_auth_token", "twilio_from_number"):
        state = doctor.state(make(**{**fake.settings(), name: None}))
        assert (state.kind, state.detail.split()[0]) == ("broken", name.upper())


async def test_an_account_that_can_call(make: Make, twilio: FakeTwilio) -> None:
    findings = [sound(finding, twilio) for finding in await doctor.check(make(**twilio.settings()))]
    assert [(finding.name, finding.ok) for finding in findings] == [("account", True), ("number", True)]
    assert {request.method for request in twilio.requests} == {"GET"}
    assert twilio.calls == {}
    assert await doctor.check(make()) == []


async def test_a_trial_account_calls_from_a_number_that_it_has_verified(make: Make, twilio: FakeTwilio) -> None:
    twilio.account_type, twilio.owns_number, twilio.has_verified_number = "Trial", False, True
    account, number = await doctor.check(make(**twilio.settings()))
    assert account.ok
    assert number.ok
    assert "on trial: it calls verified numbers only" in account.detail


async def test_an_account_and_a_number_that_cannot_call(make: Make, twilio: FakeTwilio) -> None:
    twilio.account_status, twilio.owns_number = "suspended", False
    account, number = [sound(finding, twilio) for finding in await doctor.check(make(**twilio.settings()))]
    assert (account.ok, account.detail) == (False, "The account is suspended: it cannot call.")
    assert not number.ok
    assert "TWILIO_FROM_NUMBER" in number.remedy


@pytest.mark.parametrize(
    ("fault", "changes", "words", "remedy"),
    [
        (None, {"twilio_auth_token": "s3cret"}, "Twilio refused (401, error 20003)", "Copy TWILIO_ACCOUNT_SID and"),
        (None, {"twilio_account_sid": f"AC{'0' * 32}"}, "Twilio refused (401", "Copy TWILIO_ACCOUNT_SID and"),
        (Fault(status=404, code=20404), {}, "knows no such account", "Copy TWILIO_ACCOUNT_SID and"),
        (Fault(status=429, retry_after=7), {}, "asked too often (429)", "Wait 7 s and run this again"),
        (Fault(status=503), {}, "a fault of its own (503)", "https://status.twilio.com"),
        (Fault(reset=True), {}, "Twilio", "TWILIO_API_URL"),
        (None, {"twilio_api_url": "http://127.0.0.1:9"}, "cannot be reached", "TWILIO_API_URL"),
    ],
)
async def test_a_fault_is_one_sentence_with_its_remedy(
    make: Make, twilio: FakeTwilio, fault: Fault | None, changes: dict[str, Any], words: str, remedy: str
) -> None:
    if fault:
        twilio.fail(fault)
    (finding,) = await doctor.check(make(**{**twilio.settings(), **changes}))
    assert not sound(finding, twilio).ok
    assert words in finding.detail
    assert remedy in finding.remedy


async def test_a_tls_mismatch(make: Make, twilio: FakeTwilio) -> None:
    url = twilio.url.replace("http://", "https://")
    (finding,) = await doctor.check(make(**{**twilio.settings(), "twilio_api_url": url}))
    assert (finding.ok, finding.detail.partition(":")[0]) == (False, "No trusted TLS with Twilio")
