"""Plain terminal manners that the commands share: safe streams, clean text, argument errors in one sentence."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

from raw_runtime.errors import UsageError

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_UNKNOWN = "unrecognized arguments: "


def safe_streams() -> None:
    """Let no character that the terminal cannot show end the program: it becomes a question mark."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def clean(text: str) -> str:
    """Return `text` without terminal escapes and control characters (line ends and tabs stay)."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean X?`, ` There are: ...`, or nothing when `known` is empty."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=2, cutoff=0.6)
    if near:
        return f" Did you mean {' or '.join(near)}?"
    return f" There are: {', '.join(names)}." if names else ""


class ArgumentParser(argparse.ArgumentParser):
    """A parser that raises `UsageError` with one plain sentence instead of printing its usage and exiting.

    Flags are taken whole: a shortened one would change its meaning when another is added.
    """

    def __init__(self, *, prog: str, **options: Any) -> None:
        super().__init__(prog=prog, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments; an unknown flag gets the nearest known one.

        Raises:
            UsageError: always.
        """
        if message.startswith(_UNKNOWN):
            flag = message.removeprefix(_UNKNOWN).split()[0]
            known = [name for action in self._actions for name in action.option_strings if name.startswith("--")]
            raise UsageError(f"{self.prog}: unknown option {flag}.{did_you_mean(flag.split('=')[0], known)}")
        raise UsageError(f"{self.prog}: {message}. Its options: {self.prog} --help")
