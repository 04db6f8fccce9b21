"""What can go wrong with a mail."""

from __future__ import annotations


class EmailError(Exception):
    """A mail could not be composed or sent; the text is one plain sentence without address, text or password.

    Attributes:
        retryable: the same mail may go through later.
        uncertain: the server may have taken the mail, and only its answer was lost.
        code: the server's SMTP code, if it gave one.
    """

    def __init__(
        self, message: str, *, retryable: bool = False, uncertain: bool = False, code: int | None = None
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.uncertain = uncertain
        self.code = code
