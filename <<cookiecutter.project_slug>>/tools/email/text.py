"""Text from people, made safe for headers and bodies."""

from __future__ import annotations

import unicodedata

# Control characters, separators of lines and paragraphs, and halves of characters. Joiners stay: names are written
# with them.
_BREAKS = ("Cc", "Cs", "Zl", "Zp")
# These turn what follows around, so that a name could read as something else.
_TURNS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def one_line(text: str) -> str:
    """Return the text on one line: line ends, control characters and runs of spaces become one space."""
    kept = (" " if unicodedata.category(char) in _BREAKS else char for char in text.translate(_TURNS))
    return " ".join("".join(kept).split())


def whole(text: str) -> str:
    """Return text that UTF-8 can hold, with plain line ends, and no control characters but tab and newline."""
    lines = text.encode("utf-8", "replace").decode("utf-8").translate(_TURNS).splitlines()
    ended = "\n" if text.endswith(("\n", "\r")) else ""
    return "\n".join("".join(c for c in line if c == "\t" or unicodedata.category(c) != "Cc") for line in lines) + ended
