"""The folder that mails are written to while no mail server is named."""

from __future__ import annotations

import hashlib
import re
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

from raw_runtime.files import PRIVATE, write_atomic
from tools.email.errors import EmailError

if TYPE_CHECKING:
    from configuration.email import EmailSettings

_LONGEST = 120


def path_of(full_id: str, settings: EmailSettings) -> Path:
    """Return the file of a Message-ID: the same for the same id, another for any other."""
    name = re.sub(r"[^a-z0-9._@+-]", "_", full_id.lower())[:_LONGEST]
    if name != full_id or name.startswith("."):
        name = f"_{name}.{hashlib.sha256(full_id.encode()).hexdigest()[:16]}"
    return settings.dev_path / "outbox" / f"{name}.eml"


def write(message: EmailMessage, full_id: str, settings: EmailSettings) -> Path:
    """Write a message, over the one of the same Message-ID if there is one.

    Raises:
        EmailError: the folder cannot be written.
    """
    path = path_of(full_id, settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, message.as_bytes(policy=policy.SMTP), mode=PRIVATE)
    except OSError as error:
        raise EmailError(
            f"The mail could not be written to {path.parent} ({error.strerror}): set SMTP_URL, or DEV_FOLDER "
            "to a folder that can be written.",
            retryable=True,
        ) from error
    return path
