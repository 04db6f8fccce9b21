"""Against a mail server that speaks SMTP: plain, with TLS, with a login, and on its bad days."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from configuration.email import EmailSettings
from tools import email
from tools.email.testing import FakeSmtp, Fault, fake_smtp
from tools.email.tests.composing import composed
from tools.email.tests.conftest import Make

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

LOGIN = {"username": "me@firm.example", "password": "p/w:@#s3cret"}


async def refused(mail: email.Mail, settings: EmailSettings, *, limit: float = 5.0) -> email.EmailError:
    """The error of sending, which is one sentence that holds no secret and nothing of the mail."""
    with pytest.raises(email.EmailError) as caught:
        await email.send(mail, settings, timeout_seconds=limit)
    sentence = str(caught.value)
    for word in ("s3cret", "ann@", "firm.example", "\n"):
        assert word not in sentence
    return caught.value


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
@pytest.mark.parametrize("login", [{}, LOGIN])
async def test_a_mail_arrives(make: Make, tls: Any, login: dict[str, str]) -> None:
    async with fake_smtp(tls, **login) as server:
        settings = make(smtp_url=server.url)
        mail = composed(subject="Änne 😀")
        sent = await email.send(mail, settings)
        (got,) = server.mails
        assert got.sender == "system@example.com"
        assert got.recipients == ("ann@example.com",)
        assert got.message_id == sent.message_id == "m-1@example.com"
        assert got.message["Subject"] == mail.subject
        assert server.logins == bool(login)
        body = got.message.get_body(("plain",))
        assert body is not None
        assert body.get_content().replace("\r\n", "\n") == mail.text
        assert sent.where == f"{'smtps' if tls == 'implicit' else 'smtp'}://127.0.0.1:{server.port}"
        assert await email.was_sent("m-1", settings) is None


async def test_tls_is_taken_where_it_is_offered(make: Make) -> None:
    async with fake_smtp("starttls") as server:
        # Without ca_file the certificate is not trusted: that it is looked at shows that TLS was used.
        error = await refused(composed(), make(smtp_url=f"smtp://127.0.0.1:{server.port}"))
        assert "ca_file" in str(error)
        url = server.url.replace("smtp+starttls", "smtp")
        await email.send(composed(), make(smtp_url=url))
        assert len(server.mails) == 1


async def test_a_long_line_and_a_dot_arrive_whole(make: Make) -> None:
    text = f".\n..\n{'long ' * 500}\nFrom here\n\n\nend\n"
    async with fake_smtp() as server:
        await email.send(replace(composed(), text=text), make(smtp_url=server.url))
        body = server.mails[0].message.get_body(("plain",))
        assert body is not None
        assert body.get_content().replace("\r\n", "\n") == text


async def test_many_at_once(make: Make) -> None:
    async with fake_smtp("starttls", **LOGIN) as server:
        settings = make(smtp_url=server.url)
        mails = [replace(composed(), message_id=f"m-{number}") for number in range(20)]
        await asyncio.gather(*(email.send(mail, settings) for mail in mails))
        assert {got.message_id for got in server.mails} == {f"m-{number}@example.com" for number in range(20)}


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
async def test_a_wrong_password(make: Make, tls: Any) -> None:
    async with fake_smtp(tls, **LOGIN) as server:
        error = await refused(composed(), make(smtp_url=server.url_with("me@firm.example", "s3cret!")))
        assert (error.retryable, error.uncertain, error.code) == (False, False, 535)
        assert "check the user and password in SMTP_URL" in str(error)
        assert server.mails == []


async def test_a_password_is_demanded(make: Make) -> None:
    async with fake_smtp("starttls", **LOGIN) as server:
        error = await refused(composed(), make(smtp_url=server.url_with(None)))
        assert (error.retryable, error.code) == (False, 530)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("smtp+starttls://127.0.0.1:{port}", "STARTTLS"),
        ("smtp://me:s3cret@127.0.0.1:{port}", "login"),
        ("smtps://127.0.0.1:{port}", "TLS"),
        ("smtps://127.0.0.1:{port}?ca_file=/no/such.pem", "ca_file"),
    ],
)
async def test_a_server_that_does_not_offer_what_is_asked(make: Make, url: str, words: str) -> None:
    async with fake_smtp() as server:
        error = await refused(composed(), make(smtp_url=url.format(port=server.port)))
        assert (error.retryable, error.uncertain) == (False, False)
        assert words in str(error)
        assert server.mails == []


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_certificate_of_another_name(make: Make, tls: Any) -> None:
    async with fake_smtp(tls, certificate_for="mail.elsewhere.example") as server:
        error = await refused(composed(), make(smtp_url=server.url))
        assert (error.retryable, error.uncertain) == (False, False)
        assert "certificate that is not trusted" in str(error)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("reply", "retryable"),
    [
        ("450 4.2.1 ann@example.com is busy", True),
        ("421 4.3.2 closing", True),
        ("452 4.5.3 slower", True),
        ("550 5.1.1 ann@example.com is unknown", False),
        ("554 no", False),
    ],
)
async def test_refusals(make: Make, command: Any, reply: str, retryable: bool) -> None:
    async with fake_smtp() as server:
        server.answer(command, reply)
        error = await refused(composed(), make(smtp_url=server.url))
        assert (error.retryable, error.uncertain, error.code) == (retryable, False, int(reply[:3]))
        assert reply[:3] in str(error)
        assert server.mails == []
        await email.send(composed(), make(smtp_url=server.url))
        assert len(server.mails) == 1


async def test_a_login_that_is_not_possible_now(make: Make) -> None:
    async with fake_smtp("starttls", **LOGIN) as server:
        server.answer("AUTH", "454 4.7.0 later", times=5)
        error = await refused(composed(), make(smtp_url=server.url))
        assert (error.retryable, error.code) == (True, 454)


@pytest.mark.parametrize("done", [True, False])
async def test_a_connection_that_breaks_leaves_it_open_whether_the_mail_is_there(make: Make, done: bool) -> None:
    async with fake_smtp() as server:
        server.fail("DATA", Fault(drop=True, done=done))
        error = await refused(composed(), make(smtp_url=server.url))
        assert (error.retryable, error.uncertain) == (True, True)
        assert len(server.mails) == done


async def test_a_server_that_is_gone(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    error = await refused(composed(), make(smtp_url=f"smtp://127.0.0.1:{port}"))
    assert (error.retryable, error.uncertain) == (True, False)
    assert "cannot be reached" in str(error)


async def test_a_name_that_no_machine_has(make: Make) -> None:
    error = await refused(composed(), make(smtp_url="smtp://mail.invalid"), limit=20)
    assert (error.retryable, error.uncertain) == (True, False)


async def test_a_connection_that_breaks_earlier_leaves_nothing_open(make: Make) -> None:
    async with fake_smtp() as server:
        for command in ("MAIL", "RCPT"):
            server.fail(command, Fault(drop=True))
            error = await refused(composed(), make(smtp_url=server.url))
            assert (error.retryable, error.uncertain) == (True, False)
        assert server.mails == []


@pytest.mark.parametrize("command", ["MAIL", "DATA"])
async def test_a_slow_server_is_not_waited_for(make: Make, command: Any) -> None:
    async with fake_smtp() as server:
        server.fail(command, Fault(delay_seconds=30))
        start = time.monotonic()
        error = await refused(composed(), make(smtp_url=server.url), limit=0.3)
        assert time.monotonic() - start < 2
        assert (error.retryable, error.uncertain) == (True, command == "DATA")
        assert "within 0.3 s" in str(error)


@asynccontextmanager
async def odd_server(says: bytes) -> AsyncIterator[int]:
    """Something that listens, says this, and then nothing."""

    ended: list[asyncio.Event] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(asyncio.Event())
        with contextlib.suppress(OSError):
            writer.write(says)
            await reader.read(-1)
            writer.close()
            await writer.wait_closed()
        ended[-1].set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
        for event in ended:
            await event.wait()
    finally:
        server.close()


@pytest.mark.parametrize("says", [b"", b"220"])
async def test_a_server_that_does_not_greet(make: Make, says: bytes) -> None:
    async with odd_server(says) as port:
        error = await refused(composed(), make(smtp_url=f"smtp://127.0.0.1:{port}"), limit=0.3)
        assert (error.retryable, error.uncertain) == (True, False)
        assert "Port 465 wants smtps://" in str(error)


@pytest.mark.parametrize(
    ("says", "retryable"), [(b"421 4.3.2 busy\r\n", True), (b"554 no\r\n", False), (b"SSH-2.0-x\r\n", False)]
)
async def test_a_server_that_greets_otherwise(make: Make, says: bytes, retryable: bool) -> None:
    async with odd_server(says) as port:
        error = await refused(composed(), make(smtp_url=f"smtp://127.0.0.1:{port}"), limit=1)
        assert error.retryable is retryable
        assert not error.uncertain


async def test_a_goodbye_that_fails_is_no_failure(make: Make) -> None:
    async with fake_smtp() as server:
        server.fail("QUIT", Fault(drop=True))
        await email.send(composed(), make(smtp_url=server.url))
        server.fail("QUIT", Fault(delay_seconds=30))
        start = time.monotonic()
        await email.send(composed(), make(smtp_url=server.url))
        assert time.monotonic() - start < 3
        assert len(server.mails) == 2


async def test_cancelling_ends_the_connection(make: Make) -> None:
    async with fake_smtp() as server:
        server.fail("DATA", Fault(delay_seconds=30))
        sending = asyncio.create_task(email.send(composed(), make(smtp_url=server.url)))
        await asyncio.sleep(0.2)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending


async def test_logs_hold_nothing_of_the_mail_and_no_secret(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with fake_smtp("starttls", **LOGIN) as server:
        await email.send(composed(summary="Zebulon"), make(smtp_url=server.url))
        await refused(composed(), make(smtp_url=server.url_with("me@firm.example", "s3cret!")))
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name != "mail.log")
    for word in ("Zebulon", "ann@", "firm.example", "s3cret"):
        assert word not in ours


def test_the_address_of_the_server_is_told(make: Make) -> None:
    fake = FakeSmtp(port=25, username="a b", password="c:d")
    assert fake.url == "smtp://a%20b:c%3Ad@127.0.0.1:25"
    assert make(smtp_url=fake.url).smtp_url is not None
