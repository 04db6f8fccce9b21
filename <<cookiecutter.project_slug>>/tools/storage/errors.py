"""What can go wrong with an object."""

from __future__ import annotations


class StorageError(Exception):
    """An object could not be kept, read or removed; the text is one plain sentence without key, content or secret.

    Attributes:
        retryable: the same may go through later.
        uncertain: it may have happened, and only the answer was lost. To do it again is harmless: the same key
            is replaced, and what is gone stays gone.
        status: the HTTP status of the server's answer, if there was one.
    """

    def __init__(
        self, message: str, *, retryable: bool = False, uncertain: bool = False, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.uncertain = uncertain
        self.status = status


class ObjectMissing(StorageError):
    """There is no object under the key."""
