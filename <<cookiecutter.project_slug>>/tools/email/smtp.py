"""One conversation with a mail server, and what its failures mean."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from typing import Any

import aiosmtplib
from aiosmtplib import SMTPResponse, errors

from tools.email.errors import EmailError
from tools.email.smtp_url import SmtpServer, parse_smtp_url

_QUIT_SECONDS = 1.0
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class _Client(aiosmtplib.SMTP):
    """Knows whether it began to hand over a mail: before that, a failure leaves nothing open."""

    handed_over = False

    async def data(self, message: str | bytes, /, **options: Any) -> SMTPResponse:
        self.handed_over = True
        return await super().data(message, **options)


async def deliver(message: EmailMessage, url: str, timeout_seconds: float) -> str:
    """Hand a message to the server and return where it went, as `smtp://HOST:PORT`.

    Raises:
        EmailError: the URL is wrong, or the server did not say that it has the message.
    """
    server = parse_smtp_url(url)
    client = _client(server, timeout_seconds)

    async def talk() -> None:
        await client.send_message(message)

    await _converse(client, server, talk, timeout_seconds)
    return server.where


async def greet(sender: str, url: str, timeout_seconds: float) -> str | None:
    """Log in, name a sender and take it back, so that no mail is sent; return the TLS version, None without TLS.

    Raises:
        EmailError: the URL is wrong, or the server would take no mail from this sender.
    """
    server = parse_smtp_url(url)
    client = _client(server, timeout_seconds)
    version: str | None = None

    async def talk() -> None:
        nonlocal version
        layer = client.get_transport_info("ssl_object")
        version = None if layer is None else layer.version()
        await client.mail(sender)
        await client.rset()

    await _converse(client, server, talk, timeout_seconds)
    return version


def _client(server: SmtpServer, timeout_seconds: float) -> _Client:
    return _Client(
        hostname=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        use_tls=server.tls == "implicit",
        start_tls=None if server.tls == "offered" else server.tls == "starttls",
        tls_context=server.tls_context(),
        timeout=timeout_seconds,
        local_hostname=_own_name(),
    )


async def _converse(
    client: _Client, server: SmtpServer, talk: Callable[[], Awaitable[None]], timeout_seconds: float
) -> None:
    """Connect, log in, talk, say goodbye.

    Raises:
        EmailError: something of that failed, but for the goodbye.
    """
    connected = False
    try:
        async with asyncio.timeout(timeout_seconds):
            await client.connect()
            connected = True
            await talk()
    except (errors.SMTPException, OSError, ValueError) as error:
        client.close()
        raise _explained(error, server, connected, client.handed_over, timeout_seconds) from error
    except BaseException:
        client.close()
        raise
    # What was to be done is done: how the goodbye goes no longer matters.
    with contextlib.suppress(errors.SMTPException, OSError):
        async with asyncio.timeout(_QUIT_SECONDS):
            await client.quit()
    client.close()


def _own_name() -> str:
    """Return what this machine calls itself in EHLO; asking DNS for more could take long."""
    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", name) else "localhost"


def _explained(
    error: Exception, server: SmtpServer, connected: bool, handed_over: bool, timeout_seconds: float
) -> EmailError:
    """Say what went wrong without a word of the server's, which repeats addresses.

    Args:
        error: what the library raised.
        server: the server.
        connected: the conversation was past the login.
        handed_over: the mail itself was on its way.
        timeout_seconds: the limit.
    """
    who = f"The mail server {server.host}:{server.port}"
    if isinstance(error, errors.SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, errors.SMTPResponseException):
        return _answered(error, who)
    tls = next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)), None)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return EmailError(
            f"{who} showed a certificate that is not trusted ({tls.verify_message}): use the name in its certificate, "
            "or add ?ca_file=/path.pem to SMTP_URL."
        )
    if tls is not None and not isinstance(tls, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError):
        return EmailError(f"{who} does not speak TLS there: smtps:// is for port 465, smtp:// for 587 and 25.")
    if isinstance(error, TimeoutError):
        return EmailError(
            f"{who} did not finish within {timeout_seconds:g} s. (Port 465 wants smtps://.)",
            retryable=True,
            uncertain=handed_over,
        )
    if isinstance(error, OSError):
        return EmailError(
            f"{who} broke off the connection." if connected else f"{who} cannot be reached.",
            retryable=True,
            uncertain=handed_over,
        )
    if isinstance(error, ValueError):
        return EmailError(f"{who} was given a mail that it cannot take: an address is wrong.")
    if connected:
        return EmailError(f"{who} answered with something that is not SMTP.", retryable=True, uncertain=handed_over)
    return EmailError(f"{who} offers no STARTTLS or no login that SMTP_URL asks for: check its scheme, port and user.")


def _answered(error: errors.SMTPResponseException, who: str) -> EmailError:
    found = _ENHANCED.match(error.message)
    code = f"{error.code} {found[0]}" if found else str(error.code)
    if isinstance(error, errors.SMTPAuthenticationError):
        sentence = f"{who} refused the login ({code}): check the user and password in SMTP_URL."
    elif isinstance(error, errors.SMTPSenderRefused):
        sentence = f"{who} refused the sender ({code}): check MAIL_FROM."
    elif isinstance(error, errors.SMTPRecipientRefused):
        sentence = f"{who} refused the recipient ({code})."
    else:
        sentence = f"{who} refused the mail ({code})."
    return EmailError(sentence, retryable=400 <= error.code < 500, code=error.code)


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and len(found) < 10:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
