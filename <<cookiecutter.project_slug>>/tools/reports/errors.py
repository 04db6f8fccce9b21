"""What can go wrong with a report."""

from __future__ import annotations


class ReportError(Exception):
    """A report could not be published, or not wholly; the text is one plain sentence without address, key or secret.

    Attributes:
        stored: the report itself is kept; only who is to be told of it was not, and the next run tells only them.
        retryable: the same may go through later.
    """

    def __init__(self, message: str, *, stored: bool = False, retryable: bool = False) -> None:
        super().__init__(message)
        self.stored = stored
        self.retryable = retryable
