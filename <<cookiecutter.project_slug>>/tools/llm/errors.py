"""What can go wrong with an answer."""

from __future__ import annotations


class LlmError(Exception):
    """The model gave no answer.

    The text is one plain sentence, without what was sent or came back and without a secret; it begins in lower case
    and has no full stop, since it stands after "NAME gave no usable answer: ".
    """
