"""Where the people of the demo get their mails: the recorder's folder, or the catcher of docker-compose.yml."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from typing import Protocol

_ANSWER_SECONDS = 10.0


class MailsError(Exception):
    """It cannot be seen which mails arrived; the text is one plain sentence."""


class Mails(Protocol):
    """A place where mails arrive."""

    def count(self, address: str) -> int:
        """Return how many mails to this address have arrived; it may block for seconds.

        Raises:
            MailsError: that cannot be seen.
        """
        ...


@dataclass(frozen=True, slots=True)
class MailFolder:
    """The folder that mails are written to while no SMTP_URL is set."""

    dev_folder: Path

    def count(self, address: str) -> int:
        """Look into the files."""
        files = (self.dev_folder / "outbox").glob("*.eml")
        return sum(address in str(message_from_bytes(file.read_bytes())["To"]) for file in files)


@dataclass(frozen=True, slots=True)
class MailCatcher:
    """MailDev, by its web API; `url` is such as http://127.0.0.1:1080."""

    url: str

    def count(self, address: str) -> int:
        """Ask it for all that it has."""
        try:
            with urllib.request.urlopen(f"{self.url.rstrip('/')}/api/email", timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - the user named it
                mails = json.load(answer)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise MailsError(f"the mail catcher at {self.url} does not answer as it does ({error})") from None
        return sum(to.get("address") == address for mail in mails for to in mail.get("to", ()))
