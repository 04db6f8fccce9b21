"""Text from people, made safe for headers and bodies."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Return the text on one line: line ends, control characters and runs of spaces become one space."""
    return " ".join("".join(char if char.isprintable() else " " for char in whole(text)).split())


def whole(text: str) -> str:
    """Return text that UTF-8 can hold, with plain line ends, and no control characters but tab and newline."""
    joined = "\n".join(text.encode("utf-8", "replace").decode("utf-8").splitlines())
    return "".join(char for char in joined if char in "\t\n" or ord(char) >= 32).replace("\x7f", "")
