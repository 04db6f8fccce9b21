"""Reads a command's options: a few lines instead of argparse, whose import alone costs a tenth of a run."""

from __future__ import annotations

from raw_runtime.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Option:
    """An option by its long name; `takes` names its value in messages, None makes it a switch."""

    __slots__ = ("name", "short", "takes")

    def __init__(self, name: str, takes: str | None = None, short: str | None = None) -> None:
        self.name = name
        self.takes = takes
        self.short = short


def parse(command: str, options: Sequence[Option], argv: Sequence[str], most: int) -> tuple[dict[str, str], list[str]]:
    """Split `argv` into option values (a switch gives "") and at most `most` other words.

    `--` ends the options. `-h` and `--help` come back as `--help`.

    Raises:
        UsageError: an unknown option, a missing value, too many words.
    """
    values: dict[str, str] = {}
    words: list[str] = []
    rest = list(argv)
    while rest:
        arg = rest.pop(0)
        if arg == "--":
            words += rest
            break
        if arg in {"-h", "--help"}:
            values["--help"] = ""
        elif not arg.startswith("-") or arg == "-":
            words.append(arg)
        elif not take(arg, rest, options, values):
            raise UsageError(f"Unknown option {arg.partition('=')[0]}.{_hint(arg, options)} See: raw {command} --help")
    if len(words) > most:
        raise UsageError(f"raw {command}: unexpected {words[most]!r}. See: raw {command} --help")
    return values, words


def take(arg: str, rest: list[str], options: Sequence[Option], values: dict[str, str]) -> bool:
    """Put `arg` into `values`, with its value from `--name=value` or the next of `rest`; False if it is none of them.

    Raises:
        UsageError: the option's value is missing, or a switch was given one.
    """
    name, equals, value = arg.partition("=")
    for option in options:
        if name == option.name or (name == option.short and not equals):
            break
    else:
        return False
    if option.takes is None:
        if equals:
            raise UsageError(f"{option.name} takes no value.")
        values[option.name] = ""
    elif equals:
        values[option.name] = value
    elif rest:
        values[option.name] = rest.pop(0)
    else:
        raise UsageError(f"{option.name} needs a value: {option.name} {option.takes}")
    return True


def _hint(arg: str, options: Sequence[Option]) -> str:
    import difflib

    near = difflib.get_close_matches(arg.partition("=")[0], [o.name for o in options], n=1, cutoff=0.5)
    return f" Did you mean {near[0]}?" if near else ""
