"""What can go wrong with a message."""

from __future__ import annotations


class SlackError(Exception):
    """A message could not be posted; the text is one plain sentence without the message or the webhook's URL.

    Attributes:
        retryable: the same message may go through later.
        uncertain: Slack may have taken it, and only its answer was lost.
        status: the HTTP status of Slack's answer, if there was one.
        retry_after: seconds that Slack asks to wait, if it did.
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = False,
        uncertain: bool = False,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.uncertain = uncertain
        self.status = status
        self.retry_after = retry_after
