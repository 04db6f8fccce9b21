"""What the doctor finds of a mail server: it sends no mail."""

from __future__ import annotations

import socket
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tools.email import doctor
from tools.email.testing import FakeSmtp, Fault, fake_smtp
from tools.email.tests.conftest import Make

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

LOGIN = {"username": "me@firm.example", "password": "p/w:@#s3cret"}


def test_the_state_looks_at_settings_only(make: Make) -> None:
    assert doctor.state(make()).kind == "default"
    configured = doctor.state(make(smtp_url="smtps://me:s3cret@mail.invalid", mail_from="Team <team@firm.example>"))
    assert (configured.kind, configured.detail) == (
        "configured",
        "Mails go to smtps://mail.invalid:465, from team@firm.example.",
    )
    wrong = doctor.state(make(smtp_url="smtp://me:s3cret@h/inbox"))
    assert wrong.kind == "broken"
    assert "SMTP_URL is wrong: nothing may follow the port" in wrong.detail
    assert doctor.state(make(mail_from="Ä <ä@x.y>")).detail.startswith("MAIL_FROM is no mail address")


async def test_nothing_is_asked_without_a_server(make: Make) -> None:
    assert await doctor.check(make()) == []


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
@pytest.mark.parametrize("login", [{}, LOGIN])
async def test_a_server_that_takes_mail(make: Make, tls: Any, login: dict[str, str]) -> None:
    async with fake_smtp(tls, **login) as server:
        (finding,) = await doctor.check(make(smtp_url=server.url))
        assert finding.ok, finding
        assert ("TLSv1" in finding.detail) == (tls != "none")
        assert ("took the login" in finding.detail) == bool(login)
        assert server.logins == bool(login)
        assert server.mails == []


def dead_host() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"smtp://127.0.0.1:{listening.getsockname()[1]}"


def wrong_password(server: FakeSmtp) -> str:
    return server.url_with("me@firm.example", "s3cret!")


@pytest.mark.parametrize(
    ("server", "fault", "url", "words", "remedy"),
    [
        ({"tls": "starttls", **LOGIN}, None, wrong_password, "refused the login (535", "right user and password"),
        ({"tls": "starttls", **LOGIN}, None, lambda s: s.url_with(None), "refused the sender (530", "wants a login"),
        ({}, None, lambda _: dead_host(), "cannot be reached", "Check host and port in SMTP_URL"),
        ({"tls": "implicit", "certificate_for": "x.example"}, None, lambda s: s.url, "not trusted", "certificate"),
        ({}, None, lambda s: f"smtps://127.0.0.1:{s.port}", "does not speak TLS there", "its scheme"),
        ({}, ("MAIL", "450 4.7.1 too many"), lambda s: s.url, "refused the sender (450 4.7.1)", "Wait and run"),
        (LOGIN, ("AUTH", "454 4.7.0 later"), lambda s: s.url, "refused the login (454", "Wait and run this again"),
        ({}, ("MAIL", "553 5.7.1 not you"), lambda s: s.url, "refused the sender (553", "Set MAIL_FROM to an address"),
    ],
)
async def test_a_fault_is_one_sentence_with_its_remedy(
    make: Make, server: dict[str, Any], fault: tuple[Any, str] | None, url: Any, words: str, remedy: str
) -> None:
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(fake_smtp(**server))
        if fault:
            fake.answer(*fault, times=5)
        (finding,) = await doctor.check(make(smtp_url=url(fake)))
        assert not finding.ok
        assert words in finding.detail
        assert remedy in finding.remedy
        for text in (finding.detail, finding.remedy):
            assert text.endswith(".")
            assert "s3cret" not in text
            assert "\n" not in text
        assert fake.mails == []


async def test_a_server_that_hangs_is_not_waited_for(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_LIMIT_SECONDS", 0.3)
    async with fake_smtp() as server:
        server.fail("MAIL", Fault(delay_seconds=30))
        (finding,) = await doctor.check(make(smtp_url=server.url))
        assert "did not finish within 0.3 s" in finding.detail
