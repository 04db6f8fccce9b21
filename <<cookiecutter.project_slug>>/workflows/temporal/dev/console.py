"""Lines of several processes on one terminal: each with its name, logs in JSON made readable."""

from __future__ import annotations

import json
import sys
import threading

_COLOURS = {"temporal": 35, "worker": 32, "api": 36, "dev": 33}
_PLAIN = ("at", "level", "logger", "event")


class Console:
    """Writes to standard output; one that is gone, as with a closed terminal, is no error."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._has_colour = sys.stdout.isatty()

    def line(self, name: str, text: str) -> None:
        """Write a line of a process."""
        self.text("\n".join(self._prefix(name) + part for part in readable(text).splitlines() or [""]))

    def text(self, text: str) -> None:
        """Write a text as it is."""
        with self._lock:
            try:
                print(text, flush=True)
            except (OSError, ValueError):
                return

    def _prefix(self, name: str) -> str:
        padded = f"{name:<8} | "
        return f"\033[{_COLOURS.get(name, 37)}m{padded}\033[0m" if self._has_colour else padded


def readable(text: str) -> str:
    """Return one line of our JSON log in the form TIME LEVEL event name=value; any other text as it is."""
    try:
        found = json.loads(text) if text.startswith('{"at"') else None
        if found is None:
            return text
        rest = " ".join(f"{key}={value}" for key, value in found.items() if key not in _PLAIN and value is not None)
        return f"{found['at'][11:19]} {found['level']:<7} {found['event']}  {rest}".rstrip()
    except (ValueError, KeyError, TypeError):
        return text
