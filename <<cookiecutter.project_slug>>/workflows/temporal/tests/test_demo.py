"""`demo`, before anything is started: what it cannot do is said, and where there is no process, what to do."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from settings import get_settings
from workflows.temporal.__main__ import main
from workflows.temporal.dev import demo_command
from workflows.temporal.dev.system import api_part

needs_api = pytest.mark.skipif(api_part() is None, reason="this project has no API")
ACCOUNT = {
    "TWILIO_ACCOUNT_SID": f"AC{'0' * 32}",
    "TWILIO_AUTH_TOKEN": "of-nobody",
    "TWILIO_FROM_NUMBER": "+15005550006",
}
SMTP = {"SMTP_URL": "smtp://127.0.0.1:9"}
API = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No .env counts; settings and the handlers of signals are as they were, afterwards."""
    monkeypatch.setenv("ENV_FILE", os.devnull)
    get_settings.cache_clear()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    get_settings.cache_clear()


@pytest.mark.usefixtures("parcels")
@pytest.mark.parametrize(
    ("flags", "variables", "words"),
    [
        (["--here", "--keep"], {}, "leave out --keep"),
        (["--here"], ACCOUNT, "TWILIO_ACCOUNT_SID is set"),
        (["--here"], SMTP, "SMTP_URL is set"),
        (["--here", "--mails", API], ACCOUNT, "TWILIO_ACCOUNT_SID is set"),
        (["--here", "--mails", "mail:1080"], {}, "--mails is wrong: it must start with"),
        (["--mails", API], {}, "--mails belongs to --against or --here"),
        (["--speed", "2"], {}, "unrecognized arguments"),
        *(
            pytest.param(*given, marks=needs_api)
            for given in (
                (["--against", "ftp://x"], {}, "--against is wrong: it must start with one of http://, https://"),
                (["--against", API], SMTP, "SMTP_URL is set"),
                (["--against", API, "--keep"], {}, "leave out --keep"),
                (["--against", API, "--here"], {}, "leave out --keep, --here"),
                (["--against", API, "--without-api"], {}, "leave out --keep, --here and --without-api"),
            )
        ),
    ],
)
def test_what_cannot_be_done_is_said(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    variables: dict[str, str],
    words: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main(["demo", *flags]) == 2
    told = capsys.readouterr()
    assert words in told.err
    assert told.out == ""


def test_where_there_is_no_process_yet_it_says_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo_command, "processes", dict)
    assert main(["demo"]) == 0
    assert capsys.readouterr().out.startswith("There is no process yet, so there is nothing to play. Make one: raw new")
