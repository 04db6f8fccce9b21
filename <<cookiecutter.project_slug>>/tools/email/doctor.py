"""Whether mail can be sent."""

from __future__ import annotations

import time

from configuration.email import EmailSettings
from tools.checking import Finding, State
from tools.email.address import parse_address
from tools.email.errors import EmailError
from tools.email.smtp_url import parse_smtp_url

SETTINGS = EmailSettings

_LIMIT_SECONDS = 8.0


def state(settings: EmailSettings) -> State:
    """Say which server mail goes to."""
    try:
        sender = parse_address(settings.mail_from, "MAIL_FROM")
        if settings.smtp_url is None:
            return State("default", f"SMTP_URL is empty: mails become files in {settings.dev_folder}/outbox.")
        server = parse_smtp_url(settings.smtp_url.get_secret_value())
    except EmailError as error:
        return State("broken", str(error))
    return State("configured", f"Mails go to {server.where}, from {sender.addr_spec}.")


async def check(settings: EmailSettings) -> list[Finding]:
    """Log in to the server, by TLS if that is asked for, and name the sender; no mail is sent."""
    if settings.smtp_url is None:
        return []
    from tools.email.smtp import greet

    url = settings.smtp_url.get_secret_value()
    server = parse_smtp_url(url)
    began = time.monotonic()
    try:
        tls = await greet(parse_address(settings.mail_from, "MAIL_FROM").addr_spec, url, _LIMIT_SECONDS)
    except EmailError as error:
        return [Finding("login and sender", False, str(error), _remedy(error))]
    login = "took the login" if server.username is not None else "wants no login"
    took = f"{(time.monotonic() - began) * 1000:.0f} ms"
    return [
        Finding("login and sender", True, f"{server.where} {login} and the sender, {tls or 'without TLS'}, in {took}.")
    ]


def _remedy(error: EmailError) -> str:
    if error.code is not None and error.retryable:
        return "Wait and run this again; if it stays, ask whoever runs the mail server."
    if error.code == 535:
        return "Put the right user and password into SMTP_URL, percent-encoded."
    if error.code == 530:
        return "Put a user and a password into SMTP_URL, percent-encoded: the server wants a login."
    if error.code is not None:
        return "Set MAIL_FROM to an address that this server sends for."
    if error.retryable:
        return "Check host and port in SMTP_URL, and that this machine may reach them."
    return "Correct SMTP_URL: its scheme, its host as the certificate names it, or ?ca_file=/path.pem."
