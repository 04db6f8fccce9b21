"""Without an account: records of what would have been asked."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from configuration.base import ROOT, SettingsError, load_settings
from configuration.telephony import TelephonySettings
from tools import telephony
from tools.telephony.tests.conftest import Make

pytestmark = pytest.mark.anyio

TO = "+4915112345678"


async def place(settings: TelephonySettings, **changes: Any) -> telephony.PlacedCall:
    given = {"to": TO, "entity_id": "42", "greeting": "Hello.", "status_callback": "https://x.y/z", **changes}
    return await telephony.place_call(settings, **given)


async def test_a_call_is_one_file(make: Make) -> None:
    settings = make()
    placed = await place(settings)
    assert re.fullmatch(r"CA[0-9a-f]{32}", placed.sid)
    (file,) = (settings.dev_path / "calls").iterdir()
    assert file.name == f"{placed.sid}.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    record = json.loads(file.read_text())
    assert record["to"] == TO
    assert record["entity_id"] == "42"
    assert record["status"] == placed.status == "queued"
    assert "Hello." in record["twiml"]


async def test_the_same_key_is_the_same_call(make: Make) -> None:
    settings = make()
    first = await place(settings, idempotency_key="order-42-call-1")
    assert await place(settings, idempotency_key="order-42-call-1") == first
    assert await place(settings, idempotency_key="order-42-call-2") != first
    assert await place(settings) != await place(settings)
    assert len(list((settings.dev_path / "calls").iterdir())) == 4


async def test_find_and_cancel(make: Make) -> None:
    settings = make()
    before = datetime.now(UTC)
    assert await telephony.find_call(settings, to=TO, since=before) is None
    first = await place(settings)
    between = datetime.now(UTC)
    second = await place(settings)
    await place(settings, to="+4930123456")
    assert await telephony.find_call(settings, to=TO, since=before) == second
    assert await telephony.find_call(settings, to=TO, since=before, exclude=[second.sid]) == first
    assert await telephony.find_call(settings, to=TO, since=between, exclude=[second.sid]) is None
    assert await telephony.find_call(settings, to=TO, since=datetime.now(UTC) + timedelta(hours=1)) is None
    assert (await telephony.cancel_call(settings, first.sid)).status == "canceled"
    assert (await telephony.cancel_call(settings, first.sid)).status == "canceled"
    for sid in ("CA" + "0" * 32, "../x", ""):
        with pytest.raises(telephony.TelephonyError, match="no call"):
            await telephony.cancel_call(settings, sid)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+4915112345678", TO),
        ("0049 151 / 1234-5678", TO),
        ("+49 (0)151 12345678", TO),
        ("+1 (415) 555-2671", "+14155552671"),
        ("+49\u00a0151\u20111234.5678", TO),
    ],
)
async def test_numbers(text: str, number: str) -> None:
    assert telephony.phone_number(text) == number


@pytest.mark.parametrize(
    "text", ["", "0151 12345678", "+", "+0123456789", "call me", "+49151123456789012", "+49x1234567"]
)
async def test_numbers_that_cannot_be_called_are_not_repeated(make: Make, text: str) -> None:
    with pytest.raises(telephony.TelephonyError, match="no telephone number") as caught:
        await place(make(), to=text)
    assert not caught.value.retryable
    assert not text or text not in str(caught.value).replace("+49 30 901820", "")


@pytest.mark.parametrize(
    "changes",
    [{"greeting": None}, {"twiml": "<Response/>"}, {"greeting": None, "twiml": ""}, {"greeting": "x" * 4000}],
)
async def test_what_is_said_must_be_one_thing(make: Make, changes: dict[str, Any]) -> None:
    with pytest.raises(telephony.TelephonyError, match=r"greeting[, ].*twiml"):
        await place(make(), **changes)


async def test_a_recording_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="max_seconds"):
        telephony.call_script("Hi", max_seconds=121)


async def test_a_folder_that_cannot_be_written_is_told_with_the_remedy(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(telephony.TelephonyError, match="set TWILIO_ACCOUNT_SID, or DEV_FOLDER"):
        await place(make(dev_folder=tmp_path / "file"))


async def test_a_record_that_is_none_is_told(make: Make) -> None:
    settings = make()
    placed = await place(settings)
    (settings.dev_path / "calls" / f"{placed.sid}.json").write_text("[")
    with pytest.raises(telephony.TelephonyError, match="no call"):
        await telephony.find_call(settings, to=TO, since=datetime.now(UTC))


@pytest.mark.parametrize(
    ("name", "value"),
    [("TWILIO_API_URL", "s3cret"), ("TWILIO_ACCOUNT_SID", "s3cret"), ("TWILIO_FROM_NUMBER", "0s3cret")],
)
def test_wrong_settings_are_named_and_not_repeated(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name} is wrong: ") as caught:
        load_settings(TelephonySettings)
    assert "s3cret" not in str(caught.value)


def test_the_token_is_not_shown(make: Make) -> None:
    assert "s3cret" not in repr(make(twilio_auth_token="s3cret"))


def test_importing_the_tool_imports_no_library() -> None:
    heavy = ["requests", "twilio", "pydantic"]
    code = f"import sys; from tools import telephony; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
