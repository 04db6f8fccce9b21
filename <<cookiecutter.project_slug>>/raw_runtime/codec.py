"""Step results as JSON and back, in the same types; and digests of arguments.

A result is only kept when reading it back gives a value equal in type and content. All others are not
kept, and the step is simply run again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import math
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, get_type_hints
from uuid import UUID

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import TypeAdapter

PLAIN = "plain"
TYPED = "typed"


class NotEncodable(Exception):
    """The value has no form in JSON that would give it back."""


class Codec:
    """Encodes and decodes what one function returns, by its return annotation where it has one."""

    def __init__(self, func: Callable[..., Any]) -> None:
        self._func = func
        self._adapter: TypeAdapter[Any] | None = None
        self._looked = False

    def encode(self, value: Any) -> tuple[str, str]:
        """Return how to read the value back (`plain` or `typed`) and its JSON text.

        Raises:
            NotEncodable: it would not come back the same.
        """
        if is_plain(value):
            return PLAIN, json.dumps(value)
        adapter = self._typed()
        if adapter is None:
            raise NotEncodable(type(value).__name__)
        try:
            text = adapter.dump_json(value, by_alias=False, warnings=False).decode()
            back = adapter.validate_json(text, by_alias=False, by_name=True)
            equal = same(value, back)
        except Exception as error:
            raise NotEncodable(type(value).__name__) from error
        if not equal or "\n" in text:
            raise NotEncodable(type(value).__name__)
        return TYPED, text

    def decode(self, kind: str, data: Any) -> Any:
        """Return the value that was encoded.

        Raises:
            NotEncodable: the data do not fit the annotation (which may have changed since).
        """
        if kind == PLAIN:
            return data
        adapter = self._typed()
        if adapter is None or kind != TYPED:
            raise NotEncodable(kind)
        try:
            return adapter.validate_json(json.dumps(data), by_alias=False, by_name=True)
        except ValueError as error:
            raise NotEncodable(kind) from error

    def _typed(self) -> TypeAdapter[Any] | None:
        if not self._looked:
            self._looked = True
            try:
                hint = get_type_hints(self._func, include_extras=True).get("return", Any)
                if hint is not Any:
                    from pydantic import TypeAdapter

                    self._adapter = TypeAdapter(hint)
            except Exception:
                # A name that cannot be resolved, or a type that pydantic does not know.
                self._adapter = None
        return self._adapter


def is_plain(value: Any) -> bool:
    """True when the value is of JSON's own types, all the way down."""
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return True
    if kind is float:
        return math.isfinite(value)
    if kind is list:
        return all(is_plain(item) for item in value)
    if kind is dict:
        return all(type(key) is str and is_plain(item) for key, item in value.items())
    return False


def same(a: Any, b: Any) -> bool:
    """True when both are equal in type and content, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return len(a) == len(b) and all(
            same(x, y)
            for left, right in zip(a.items(), b.items(), strict=True)
            for x, y in zip(left, right, strict=True)
        )
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, BaseModel):
        parts = ("__dict__", "__pydantic_extra__", "__pydantic_private__")
        return all(same(getattr(a, part), getattr(b, part)) for part in parts)
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    return bool(a == b)


def digest_call(args: tuple[Any, ...], kwargs: dict[str, Any], *more: Any) -> str:
    """Return the SHA-256 (hexadecimal) of arguments, by type and content.

    Raises:
        NotEncodable: an argument is of a type whose content cannot be read.
    """
    shape = [_shape(args), _shape(kwargs), [_shape(item) for item in more]]
    return hashlib.sha256(json.dumps(shape).encode()).hexdigest()


def _shape(value: Any) -> Any:
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return ["float", repr(value)]
    if isinstance(value, Enum):
        return ["enum", _name(kind), value.name]
    if kind in (list, tuple):
        return [kind.__name__, [_shape(item) for item in value]]
    if kind is dict:
        return ["dict", sorted(([_shape(k), _shape(v)] for k, v in value.items()), key=json.dumps)]
    if kind in (set, frozenset):
        return [kind.__name__, sorted((_shape(item) for item in value), key=json.dumps)]
    if isinstance(value, bytes | bytearray):
        return [kind.__name__, hashlib.sha256(value).hexdigest()]
    if isinstance(value, BaseModel):
        extra = value.__pydantic_extra__ or {}
        fields = {**value.__dict__, **extra}
        return ["model", _name(kind), {name: _shape(item) for name, item in sorted(fields.items())}]
    if dataclasses.is_dataclass(value):
        return ["dataclass", _name(kind), {f.name: _shape(getattr(value, f.name)) for f in dataclasses.fields(value)}]
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return [kind.__name__, value.isoformat()]
    if isinstance(value, dt.timedelta | Decimal | UUID | PurePath):
        return [kind.__name__, str(value)]
    raise NotEncodable(_name(kind))


def _name(kind: type) -> str:
    # Without the module: it is __main__ by hand and another name under an executor.
    return kind.__qualname__


def serialize_result(value: Any) -> Any:
    """Return a result as upstream's manifests show it: JSON's own types as they are, all else as a short text."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple):
        return [serialize_result(item) for item in value]
    if isinstance(value, dict):
        return {str(key): serialize_result(item) for key, item in value.items()}
    return {"_type": type(value).__name__, "_str": str(value)[:200]}
