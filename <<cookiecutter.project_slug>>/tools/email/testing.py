"""A mail server for tests and demos: it speaks SMTP, with TLS and a login, keeps what it gets, fails on order.

It needs aiosmtpd and trustme, which are development dependencies.
"""

# ruff: noqa: ARG001, ARG002, N802 - aiosmtpd calls its hooks by these names, with these arguments

from __future__ import annotations

import asyncio
import email
import socket
import ssl
import tempfile
import warnings
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session

Command = Literal["AUTH", "MAIL", "RCPT", "DATA", "QUIT"]


@dataclass(frozen=True, slots=True)
class Received:
    """A mail as the server got it."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def message_id(self) -> str:
        """Its Message-ID without brackets."""
        return str(self.message["Message-ID"]).strip("<> ")


@dataclass(frozen=True, slots=True)
class Fault:
    """What one command meets: a pause, then `reply` in place of the server's own, or a broken connection.

    `done` lets a DATA command take the mail before that.
    """

    reply: str | None = None
    delay_seconds: float = 0.0
    drop: bool = False
    done: bool = False


@dataclass
class FakeSmtp:
    """A server that runs: where it is, and what it got."""

    port: int = 0
    tls: Literal["none", "starttls", "implicit"] = "none"
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None
    mails: list[Received] = field(default_factory=list)
    logins: int = 0
    _faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))

    @property
    def url(self) -> str:
        """What SMTP_URL must be."""
        return self.url_with(self.username, self.password)

    def url_with(self, username: str | None, password: str | None = None, *, host: str = "127.0.0.1") -> str:
        """Return SMTP_URL for another user or another name of this machine."""
        user = "" if username is None else f"{quote(username, safe='')}:{quote(password or '', safe='')}@"
        scheme = {"none": "smtp", "starttls": "smtp+starttls", "implicit": "smtps"}[self.tls]
        query = f"?ca_file={quote(str(self.ca_file))}" if self.ca_file else ""
        return f"{scheme}://{user}{host}:{self.port}{query}"

    def fail(self, command: Command, fault: Fault, *, times: int = 1) -> None:
        """Let the next commands of this kind meet a fault."""
        self._faults[command].extend([fault] * times)

    def answer(self, command: Command, reply: str, *, times: int = 1) -> None:
        """Let the next commands of this kind be answered so, such as "451 4.3.0 later"."""
        self.fail(command, Fault(reply), times=times)

    def next_fault(self, command: str) -> Fault | None:
        """Take the next fault of a command."""
        return self._faults[command].popleft() if self._faults[command] else None


class _Handler:
    """Answers aiosmtpd's hooks."""

    def __init__(self, fake: FakeSmtp) -> None:
        self._fake = fake

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._play("MAIL", server) or "250 2.1.0 Sender ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self._play("RCPT", server)
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 2.1.5 Recipient ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fault = self._fake.next_fault("DATA")
        if fault is None or fault.done or (fault.reply is None and not fault.drop):
            content = envelope.content
            assert isinstance(content, bytes)
            message = email.message_from_bytes(content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            recipients = tuple(str(address) for address in envelope.rcpt_tos)
            self._fake.mails.append(Received(str(envelope.mail_from), recipients, message))
        return await _played(fault, server) or "250 2.0.0 Taken"

    async def handle_AUTH(self, server: SMTP, session: Session, envelope: Envelope, args: list[str]) -> Any:
        from aiosmtpd.smtp import MISSING

        return await self._play("AUTH", server) or MISSING

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return await self._play("QUIT", server) or "221 2.0.0 Bye"

    async def _play(self, command: Command, server: SMTP) -> str | None:
        return await _played(self._fake.next_fault(command), server)


async def _played(fault: Fault | None, server: SMTP) -> str | None:
    if fault is None:
        return None
    await asyncio.sleep(fault.delay_seconds)
    if fault.drop and isinstance(server.transport, asyncio.Transport):
        server.transport.abort()
    return fault.reply or ("421 4.3.2 gone" if fault.drop else None)


@asynccontextmanager
async def fake_smtp(
    tls: Literal["none", "starttls", "implicit"] = "none",
    *,
    username: str | None = None,
    password: str | None = None,
    certificate_for: str = "127.0.0.1",
) -> AsyncIterator[FakeSmtp]:
    """Run a mail server on a free port of 127.0.0.1, in this event loop.

    Args:
        tls: "starttls" is offered and, with a user, demanded before the login; "implicit" from the first byte.
        username: with it nobody sends without logging in.
        password: of that user.
        certificate_for: name or address in the certificate, which an authority of its own has signed (`ca_file`).
    """
    fake = FakeSmtp(tls=tls, username=username, password=password)
    loop = asyncio.get_running_loop()
    protocols: list[SMTP] = []
    async with AsyncExitStack() as stack:
        context = None
        if tls != "none":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fake-smtp-")))
            context = _certificate(fake, folder, certificate_for)
        listening = socket.create_server(("127.0.0.1", 0))
        fake.port = listening.getsockname()[1]
        server = await loop.create_server(
            lambda: _protocol(fake, context, loop, protocols),
            sock=listening,
            ssl=context if tls == "implicit" else None,
        )
        try:
            yield fake
        finally:
            server.close()
            for protocol in protocols:
                if isinstance(protocol.transport, asyncio.Transport):
                    protocol.transport.abort()
            await asyncio.sleep(0.01)  # until the connections know


def _certificate(fake: FakeSmtp, folder: Path, name: str) -> ssl.SSLContext:
    import trustme

    authority = trustme.CA()
    fake.ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(fake.ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def _protocol(
    fake: FakeSmtp, context: ssl.SSLContext | None, loop: asyncio.AbstractEventLoop, protocols: list[SMTP]
) -> SMTP:
    from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

    def login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        fits = (data.login.decode(), data.password.decode()) == (fake.username, fake.password)
        fake.logins += fits
        return AuthResult(success=fits, handled=False)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a login without TLS, which is what some tests want
        protocol = SMTP(
            _Handler(fake),
            hostname="localhost",
            tls_context=context if fake.tls == "starttls" else None,
            auth_required=fake.username is not None,
            auth_require_tls=fake.tls == "starttls",
            authenticator=login,
            loop=loop,
        )
    protocols.append(protocol)
    return protocol
