"""Names: what may be one, and the forms it takes in Python, in the database and in words."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata

from raw_runtime.errors import UsageError

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SHOWN = 40
# entities.type is a varchar(32). A process is no longer than its entity, so that lines with both stay readable.
LONGEST_NAME = 32
# A signal is an event of the timeline, a varchar(64), and gets a word more there.
LONGEST_WORD = 40


class Name(str):
    """A name in lower case words with hyphens, which is its own text, and its other forms."""

    __slots__ = ()

    @property
    def module(self) -> str:
        """`order_item`: in Python, and in the database."""
        return self.replace("-", "_")

    @property
    def constant(self) -> str:
        """`ORDER_ITEM`."""
        return self.module.upper()

    @property
    def cls(self) -> str:
        """`OrderItem`."""
        return "".join(word.capitalize() for word in self.split("-"))

    @property
    def words(self) -> str:
        """`order item`."""
        return self.replace("-", " ")

    @property
    def sentence(self) -> str:
        """`Order item`: how a sentence begins with it."""
        return self.words.capitalize()

    @property
    def article(self) -> str:
        """`an order item`: by the first letter."""
        return f"{'an' if self[0] in 'aeiou' else 'a'} {self.words}"


def shown(text: str) -> str:
    """Return what was given in quotes, harmless for a terminal and not too long."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...").encode("ascii", "backslashreplace").decode()


def slug_of(text: str) -> str:
    """Return the nearest text that could be a name by its signs; empty when nothing is left."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"^[0-9-]+", "", re.sub(r"[^a-z0-9]+", "-", plain)).strip("-")


def name_of(text: str, argument: str, longest: int = LONGEST_NAME) -> Name:
    """Return a name that Python can take.

    Args:
        text: what was given.
        argument: how messages call it, such as "--entity".
        longest: how many characters it may have.

    Raises:
        UsageError: it holds other signs, is empty, too long, or has a meaning of its own.
    """
    if not text:
        raise UsageError(f"{argument} is empty: give a name such as order-item.")
    if not _NAME.fullmatch(text):
        near = slug_of(text)[:longest].strip("-")
        hint = f" Take {near}." if near and is_free(near) else " Such as: order-item."
        raise UsageError(
            f"{argument} {shown(text)} is no name: lower case words from a to z, with single hyphens between.{hint}"
        )
    if len(text) > longest:
        raise UsageError(f"{argument} {shown(text)} has {len(text)} characters, of at most {longest}: shorten it.")
    if not is_free(text):
        raise UsageError(f"{argument} {text!r} is a word of Python's own. Take another one, such as {text}-item.")
    return Name(text)


def is_free(text: str) -> bool:
    """Return whether the word means nothing to Python."""
    word = text.replace("-", "_")
    return not (keyword.iskeyword(word) or keyword.issoftkeyword(word) or word in _BUILTINS)


# `site` adds a few, which the interpreter may be started without.
_BUILTINS = frozenset({*dir(builtins), "copyright", "credits", "exit", "help", "license", "quit"})


def list_of(text: str, argument: str) -> list[str]:
    """Return what commas part.

    Raises:
        UsageError: one is missing, or there twice.
    """
    words = [word.strip() for word in text.split(",")]
    if "" in words:
        raise UsageError(f"{argument} {shown(text)} has a comma with nothing beside it: remove it.")
    if twice := [word for word in words if words.count(word) > 1]:
        raise UsageError(f"{argument} names {shown(twice[0])} twice: remove one.")
    return words


def entity_of(text: str, plural: str | None, argument: str) -> tuple[Name, Name]:
    """Return an entity's name and its plural, by the usual rules where none is given.

    Raises:
        UsageError: one of them is no name, or the entity's looks like a plural itself.
    """
    entity = name_of(text, argument)
    if plural is not None:
        return entity, name_of(plural, "--plural")
    if entity.endswith("is"):
        guess = f"{entity[:-2]}es"
        raise UsageError(f"The plural of {text!r} is not certain: say it, such as --plural {guess}.")
    if entity.endswith("s") and not entity.endswith(("ss", "us")):
        raise UsageError(
            f"{argument} {text!r} looks like a plural: take {_singular(entity)}, or say its plural with --plural."
        )
    return entity, name_of(_plural(entity), "--plural", LONGEST_NAME + 3)


def _plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in {"a", "e", "i", "o", "u", ""}:
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "z", "ch", "sh")) else f"{word}s"


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes")) else word[:-1]
