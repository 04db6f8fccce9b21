"""Sends a mail, and tells whether one was sent."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from tools.email import outbox
from tools.email.mail import Mail, Sent, build, full_message_id

if TYPE_CHECKING:
    from configuration.email import EmailSettings

TIMEOUT_SECONDS = 10.0
"""Longest time that sending one mail takes, from the connection to the server's last word."""

logger = logging.getLogger(__name__)


async def send(mail: Mail, settings: EmailSettings, *, timeout_seconds: float = TIMEOUT_SECONDS) -> Sent:
    """Send a mail to the server of SMTP_URL; without one write it to DEV_FOLDER/outbox/MESSAGE-ID.eml.

    The file of the same Message-ID is replaced; a mail server delivers each time, so ask `was_sent` or keep a ledger.

    Raises:
        EmailError: it was not sent, or (`uncertain`) whether it was is not known; `retryable` says if later may help.
    """
    full_id = full_message_id(mail.message_id, settings)
    message = build(mail, settings)
    if settings.smtp_url is not None:
        from tools.email.smtp import deliver

        where = await deliver(message, settings.smtp_url.get_secret_value(), timeout_seconds)
        logger.info("A mail went to %s.", where)
        return Sent(full_id, where)
    path = await asyncio.to_thread(outbox.write, message, full_id, settings)
    level = logging.WARNING if settings.environment == "production" else logging.INFO
    logger.log(level, "SMTP_URL is empty: a mail was written to %s", path)
    return Sent(full_id, str(path))


async def was_sent(message_id: str, settings: EmailSettings) -> bool | None:
    """Return whether a mail of this Message-ID was sent; None where that cannot be known: a mail server does not tell.

    Raises:
        EmailError: it cannot be a Message-ID.
    """
    path = outbox.path_of(full_message_id(message_id, settings), settings)
    return None if settings.smtp_url is not None else await asyncio.to_thread(path.is_file)
