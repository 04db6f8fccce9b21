"""Fields of an entity: `amount:int` as a column, a typed argument, an input and a sample."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from raw_runtime.errors import UsageError
from scaffold.names import is_free, list_of, shown, slug_of

DEFAULT = "email:email,reference:text"
LONGEST = 40
MOST = 30
_FIELD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_COLUMNS = frozenset({"id", "status", "result", "created_at", "updated_at", "entity_id", "entity_type", "event_id"})
# Of the functions and commands that write or show an entity.
_ARGUMENTS = frozenset({"session", "now", "self", "cls", "key", "url", "timeline", "note", "by", "wait", "process"})
# A field in a class body hides the module or type of its name.
_IMPORTED = frozenset({"uuid", "date", "datetime", "sa", "op", "pytest"})


@dataclass(frozen=True)
class Kind:
    """What a field of one kind is.

    annotation: in Python. column: arguments of mapped_column where the annotation does not say enough. migrated: the
    column's type in a migration. body: the annotation in an input model. sample and other: two values as Python.
    value: the sample as JSON.
    """

    annotation: str
    column: str
    migrated: str
    body: str
    sample: str
    other: str
    value: Any


KINDS = {
    "text": Kind(
        "str", "", "sa.Text()", "Annotated[str, text(2000)]", '"Some {words}"', '"Other {words}"', "Some {words}"
    ),
    "email": Kind("str", "", "sa.Text()", "Email", '"ada@example.com"', '"grace@example.com"', "ada@example.com"),
    # Of 64 bits, since cents and milliseconds soon need more than 32.
    "int": Kind("int", "BigInteger", "sa.BigInteger()", "Whole", "4711", "-1", 4711),
    "float": Kind("float", "", "sa.Double()", "Number", "2.5", "-0.25", 2.5),
    "bool": Kind("bool", "", "sa.Boolean()", "bool", "True", "False", True),
    "date": Kind("date", "", "sa.Date()", "Day", "date(2030, 5, 6)", "date(1999, 12, 31)", "2030-05-06"),
    "moment": Kind(
        "datetime",
        "",
        "sa.DateTime(timezone=True)",
        "Moment",
        "datetime(2030, 5, 6, 12, 30, tzinfo=UTC)",
        "datetime(1999, 12, 31, 23, 59, tzinfo=UTC)",
        "2030-05-06T14:30:00+02:00",
    ),
    "json": Kind("dict[str, Any]", "", "sa.JSON()", "dict[str, Any]", '{"a": [1, None]}', "{}", {"a": [1, None]}),
}


@dataclass(frozen=True)
class Field:
    """A field by its name and kind."""

    name: str
    type: str
    kind: Kind

    @property
    def mapped(self) -> str:
        """The line of the model, without its name."""
        column = f" = mapped_column({self.kind.column})" if self.kind.column else ""
        return f"Mapped[{self.kind.annotation}]{column}"

    @property
    def sample(self) -> str:
        """A value, as Python."""
        return self.kind.sample.format(words=self.name.replace("_", " ")) if self.type == "text" else self.kind.sample

    @property
    def other(self) -> str:
        """Another value, as Python."""
        return self.kind.other.format(words=self.name.replace("_", " ")) if self.type == "text" else self.kind.other

    @property
    def example(self) -> str:
        """The first value, as it stands in JSON, as Python."""
        return repr(json.loads(self.value))

    @property
    def value(self) -> str:
        """The first value, as JSON."""
        value = self.kind.value
        return json.dumps(value.format(words=self.name.replace("_", " ")) if self.type == "text" else value)


def fields_of(text: str, entity: str) -> tuple[Field, ...]:
    """Return the fields of "name:type,...".

    Raises:
        UsageError: a name or a type does not do; the sentence names the field and the remedy.
    """
    fields = [_field(word, entity) for word in list_of(text, "--fields")]
    names = [field.name for field in fields]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"--fields names {twice[0]!r} twice: remove one.")
    if len(fields) > MOST:
        raise UsageError(
            f"--fields names {len(fields)} fields, of at most {MOST}: put what is seldom asked for in json."
        )
    return tuple(fields)


def _field(word: str, entity: str) -> Field:
    name, colon, type_ = word.partition(":")
    if not colon or type_ not in KINDS:
        known = ", ".join(KINDS)
        raise UsageError(f"--fields {shown(word)} needs a type: name:type, where type is one of {known}.")
    if not _FIELD.fullmatch(name):
        near = slug_of(name).replace("-", "_")[:LONGEST].strip("_")
        hint = f" Take {near}." if near else ""
        raise UsageError(
            f"--fields {shown(name)} is no field name: lower case words from a to z, with underscores between.{hint}"
        )
    if len(name) > LONGEST:
        raise UsageError(f"--fields {shown(name)} has {len(name)} characters, of at most {LONGEST}: shorten it.")
    reserved = _COLUMNS | _ARGUMENTS | _IMPORTED | _attributes()
    if name in reserved or not is_free(name) or name.startswith("model_"):
        raise UsageError(f"--fields {name!r} is a name that the system needs itself. Call it {entity}_{name}.")
    return Field(name, type_, KINDS[type_])


def _attributes() -> frozenset[str]:
    """Return what a model of pydantic or SQLAlchemy has already under its own names."""
    from pydantic import BaseModel
    from sqlalchemy.orm import DeclarativeBase

    return frozenset({*dir(BaseModel), *dir(DeclarativeBase), "metadata", "registry"})
