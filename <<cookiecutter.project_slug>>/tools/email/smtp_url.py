"""Reads SMTP_URL."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from tools.email.errors import EmailError

Tls = Literal["offered", "starttls", "implicit"]

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes. `tls` is "offered" (STARTTLS if the server has it), "starttls" (required) or "implicit"."""

    host: str
    port: int
    tls: Tls
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None

    @property
    def where(self) -> str:
        """The server without its secrets, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'smtps' if self.tls == 'implicit' else 'smtp'}://{host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext:
        """Return what certificates are checked with: the system's authorities, or those of `ca_file`.

        Raises:
            EmailError: `ca_file` cannot be read.
        """
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError):
            raise EmailError("SMTP_URL is wrong: ca_file names no file of certificates in PEM form.") from None


def parse_smtp_url(url: str) -> SmtpServer:
    """Read `smtp://`, `smtp+starttls://` or `smtps://`, then `USER:PASSWORD@HOST:PORT?ca_file=/path.pem`.

    `smtp://` takes TLS where the server offers it, and demands it before a password leaves the machine.
    Certificates are always checked. User and password are percent-encoded.

    Raises:
        EmailError: it is wrong; the sentence names the remedy and never the password.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise _wrong("its host or port cannot be read; percent-encode special characters of the password") from None
    if parts.scheme not in _PORTS:
        raise _wrong("it must start with smtp://, smtp+starttls:// or smtps://")
    if not host or set(url) & set(" \t\r\n"):
        raise _wrong("it must name a host, and hold no spaces, as in smtp://USER:PASSWORD@HOST:587")
    if parts.path.strip("/") or parts.fragment:
        raise _wrong("nothing may follow the port but ?ca_file=; percent-encode / and # in the password")
    if parts.password is not None and not parts.username:
        raise _wrong("it has a password but no user")
    options = parse_qsl(parts.query, keep_blank_values=True)
    unknown = [name for name, value in options if name != "ca_file" or not value]
    if unknown:
        raise _wrong("the only option is ?ca_file=/path.pem")
    username = unquote(parts.username) if parts.username else None
    tls: Tls = "implicit" if parts.scheme == "smtps" else "starttls"
    if parts.scheme == "smtp" and (username is None or host in _HERE):
        tls = "offered"
    return SmtpServer(
        host=host,
        port=port or _PORTS[parts.scheme],
        tls=tls,
        username=username,
        password=unquote(parts.password or "") if username is not None else None,
        ca_file=dict(options).get("ca_file"),
    )


def _wrong(reason: str) -> EmailError:
    return EmailError(f"SMTP_URL is wrong: {reason}.")
