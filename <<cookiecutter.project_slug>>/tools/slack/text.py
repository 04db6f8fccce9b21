"""Text from people, as Slack wants it."""

from __future__ import annotations

LONGEST = 3000
"""Most characters that Slack takes in a text of blocks, and that `post` shows of its text."""


def escape(text: str) -> str:
    """Return text that Slack shows as it is: no mention, link or channel comes of it.

    Use it for text of people inside `blocks`; `post` does it for its text.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(url: str, label: str) -> str:
    """Return a link for a `mrkdwn` text of blocks."""
    target = escape(url).replace("|", "%7C")
    return f"<{target}|{escape(label).replace('|', '/')}>"


def shown(text: str) -> str:
    """Return the text escaped, whole as UTF-8, and no longer than Slack shows."""
    clean = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return escape(clean if len(clean) <= LONGEST else f"{clean[: LONGEST - 3]}...")
