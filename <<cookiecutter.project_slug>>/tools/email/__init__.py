"""Sends mail: templates become a `Mail`, and a `Mail` goes to a mail server, or into a folder.

Nothing but the standard library is imported until a mail is composed or sent. In run.py write
`from tools import email`.
"""

from tools.email.compose import TEMPLATES, compose
from tools.email.errors import EmailError
from tools.email.mail import Attachment, Mail, Sent, full_message_id
from tools.email.send import TIMEOUT_SECONDS, send, was_sent

__all__ = [
    "TEMPLATES",
    "TIMEOUT_SECONDS",
    "Attachment",
    "EmailError",
    "Mail",
    "Sent",
    "compose",
    "full_message_id",
    "send",
    "was_sent",
]
