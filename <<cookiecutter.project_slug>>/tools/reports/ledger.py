"""Who was told of a report: sent.json beside it, so that a run that is tried again tells nobody twice."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from tools import storage
from tools.reports.errors import ReportError

if TYPE_CHECKING:
    from configuration.reports import ReportSettings

SLACK = "slack"
_TRIED = "tried"  # begun; without a later word it is not known how it ended
_TOLD = "told"
_UNREADABLE = "sent.json beside the report is no list of who was told: remove it, or publish with resend."


@dataclass
class Ledger:
    """Who was told, by name of the message, and which round of messages this is: each resend begins a new one.

    A mail's name is its Message-ID, which holds a hash of the address and not the address.
    """

    key: str
    round: int = 1
    messages: dict[str, dict[str, str]] = field(default_factory=dict)

    def mail_name(self, address: str) -> str:
        """Return the Message-ID of this report's mail to an address: the same each time, until the next resend."""
        whom = hashlib.sha256(parseaddr(address)[1].lower().encode()).hexdigest()[:16]
        return f"report-{self.key}-{whom}" + (f"-{self.round}" if self.round > 1 else "")

    def told(self, name: str) -> bool:
        """Return whether a message went out."""
        return self.messages.get(name, {}).get("state") == _TOLD

    def uncertain(self, name: str) -> bool:
        """Return whether a message was begun, and how that ended is not known."""
        return self.messages.get(name, {}).get("state") == _TRIED

    def begin(self, name: str) -> None:
        """Note that a message is about to go."""
        self._note(name, _TRIED)

    def done(self, name: str) -> None:
        """Note that a message went out."""
        self._note(name, _TOLD)

    def forget(self, name: str) -> None:
        """Note that a message certainly did not go."""
        self.messages.pop(name, None)

    def _note(self, name: str, state: str) -> None:
        self.messages[name] = {"state": state, "at": datetime.now(UTC).isoformat(timespec="seconds")}


async def load(settings: ReportSettings, key: str, *, resend: bool) -> Ledger:
    """Return the ledger of a report; with `resend` an empty one for the next round.

    Raises:
        ReportError: what is there is no ledger.
        StorageError: it could not be read.
    """
    try:
        found = _parsed(key, await storage.get(settings, path(key)))
    except storage.ObjectMissing:
        return Ledger(key)
    if found is None:
        if not resend:
            raise ReportError(_UNREADABLE, stored=True)
        # Its round is lost; the time makes Message-IDs that no earlier round had.
        return Ledger(key, round=int(datetime.now(UTC).timestamp()))
    return Ledger(key, round=found.round + 1) if resend else found


async def save(settings: ReportSettings, ledger: Ledger) -> None:
    """Keep the ledger.

    Raises:
        StorageError: it is not kept.
    """
    content = {"round": ledger.round, "messages": ledger.messages}
    data = json.dumps(content, indent=2, sort_keys=True).encode()
    await storage.put(settings, path(ledger.key), data, content_type="application/json")


def path(key: str) -> str:
    """Return the key of a report's ledger."""
    return f"reports/{key}/sent.json"


def _parsed(key: str, data: bytes) -> Ledger | None:
    try:
        content: Any = json.loads(data)
        messages = {
            str(name): {"state": str(each["state"]), "at": str(each["at"])}
            for name, each in content["messages"].items()
        }
        return Ledger(key, int(content["round"]), messages)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
