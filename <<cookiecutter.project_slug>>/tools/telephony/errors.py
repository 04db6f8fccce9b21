"""What can go wrong with a call."""

from __future__ import annotations


class TelephonyError(Exception):
    """A call could not be placed, found or cancelled; the text is one plain sentence without number or secret.

    Attributes:
        retryable: the same may go through later.
        uncertain: Twilio may have done it, and only its answer was lost; `find_call` tells.
        status: the HTTP status of Twilio's answer, if there was one.
        code: Twilio's error code, such as 21211, if it gave one.
        retry_after: seconds that Twilio asks to wait, if it did.
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = False,
        uncertain: bool = False,
        status: int | None = None,
        code: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.uncertain = uncertain
        self.status = status
        self.code = code
        self.retry_after = retry_after
