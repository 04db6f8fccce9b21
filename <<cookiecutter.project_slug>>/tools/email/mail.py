"""A mail, and how it becomes a message that any mail program can read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import TYPE_CHECKING

from tools.email.address import parse_address
from tools.email.errors import EmailError
from tools.email.text import one_line, whole

if TYPE_CHECKING:
    from configuration.email import EmailSettings

_MESSAGE_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail; `media_type` is such as "application/pdf"."""

    name: str
    content: bytes
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one person, as text and, if `html` is given, as HTML too.

    `message_id` makes it one mail however often it is sent: `NAME` or `NAME@DOMAIN`, of letters, digits and `.-_+`;
    without a domain it gets that of MAIL_FROM. `ics` is an iCalendar object with its METHOD.
    """

    to: str
    subject: str
    text: str
    message_id: str
    html: str | None = None
    ics: str | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a mail: its whole Message-ID without brackets, and where it went, a file or `smtp://HOST:PORT`."""

    message_id: str
    where: str


def full_message_id(message_id: str, settings: EmailSettings) -> str:
    """Return the Message-ID without its brackets and with a domain.

    Raises:
        EmailError: it cannot be one.
    """
    bare = message_id.removeprefix("<").removesuffix(">")
    if "@" not in bare:
        bare = f"{bare}@{parse_address(settings.mail_from, 'MAIL_FROM').domain}"
    if len(bare) > 250 or not _MESSAGE_ID.fullmatch(bare):
        raise EmailError("message_id cannot be one: use letters, digits and .-_+, as in order-42-receipt.")
    return bare


def build(mail: Mail, settings: EmailSettings) -> EmailMessage:
    """Return the message: text, HTML and invitation as alternatives, then the attachments.

    Raises:
        EmailError: an address, the Message-ID or an attachment's type is wrong.
    """
    message = EmailMessage()
    message["Message-ID"] = f"<{full_message_id(mail.message_id, settings)}>"
    message["Date"] = formatdate(localtime=False)
    message["From"] = parse_address(settings.mail_from, "MAIL_FROM")
    message["To"] = parse_address(mail.to, "to")
    message["Subject"] = one_line(mail.subject)
    message["Auto-Submitted"] = "auto-generated"  # an out-of-office answer is of no use to anybody
    message.set_content(whole(mail.text))
    if mail.html is not None:
        message.add_alternative(whole(mail.html), subtype="html")
    if mail.ics is not None:
        method = "CANCEL" if "\nMETHOD:CANCEL" in mail.ics.replace("\r", "") else "REQUEST"
        # As an alternative mail programs offer "Accept"; as a file any calendar can open it.
        message.add_alternative(mail.ics, subtype="calendar", cte="base64", params={"method": method})
        message.add_attachment(mail.ics.encode(), maintype="application", subtype="ics", filename="invitation.ics")
    for file in mail.attachments:
        main, slash, sub = file.media_type.partition("/")
        if not slash or not re.fullmatch(r"[A-Za-z0-9.+-]+", main) or not re.fullmatch(r"[A-Za-z0-9.+-]+", sub):
            raise EmailError("media_type of an attachment is none: give one, such as application/pdf.")
        message.add_attachment(file.content, maintype=main, subtype=sub, filename=one_line(file.name))
    return message
